-- The newest quote of each symbol, as bulk answers bring it. Bars are the history of prices: a
-- quote that a newer one replaces is not kept.

create table market.quotes (
    symbol text primary key,
    quote_time timestamptz not null,
    session_date date not null,
    open numeric check (open > 0),
    high numeric check (high > 0),
    low numeric check (low > 0),
    close numeric check (close > 0),
    volume numeric check (volume >= 0),
    previous_close numeric check (previous_close > 0),
    extended_hours_price numeric check (extended_hours_price > 0),
    source text not null,
    freshness text not null,
    observed_at timestamptz not null,
    inserted_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    kafka_partition integer not null,
    kafka_offset bigint not null,
    check (coalesce(extended_hours_price, close) is not null)
)
-- Every row is written again each minute: with room beside it on its page, and no index over what
-- changes, that touches no index and leaves nothing that a vacuum has to wait for.
with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.5);

comment on table market.quotes is
'One row per symbol: its newest quote. Prices are as traded, null where the vendor sent none.';
comment on column market.quotes.quote_time is
'The instant of the newest trade.';
comment on column market.quotes.session_date is
'The trade date of quote_time on the symbol''s exchange.';
comment on column market.quotes.close is
'The newest price of regular hours.';
comment on column market.quotes.previous_close is
'The close of the session before that of close.';
comment on column market.quotes.extended_hours_price is
'The newest price outside of regular hours; null within them.';

grant select, insert, update on market.quotes to stream_writer;
