-- The derived series of each bar, and word of the bars whose derived series are due.

create table market.bar_indicators (
    symbol text not null,
    bar_time timestamptz not null,
    interval text not null,
    session_date date not null,
    change double precision,
    change_percent double precision,
    sma_20 double precision,
    sma_50 double precision,
    sma_200 double precision,
    ema_12 double precision,
    ema_26 double precision,
    ema_50 double precision,
    vwap double precision,
    true_range double precision,
    atr_14 double precision,
    volatility_20 double precision,
    bollinger_upper_20 double precision,
    bollinger_lower_20 double precision,
    rsi_14 double precision,
    volume_zscore_20 double precision,
    average_gain_14 double precision,
    average_loss_14 double precision,
    session_turnover double precision,
    session_volume double precision,
    computed_at timestamptz not null default clock_timestamp(),
    primary key (symbol, interval, bar_time)
) partition by range (bar_time);

comment on table market.bar_indicators is
'One row per bar of events_stream: its derived series, null until their warm-up is over.';
comment on column market.bar_indicators.average_gain_14 is
'With average_loss_14, session_turnover and session_volume: what the next bar goes on from.';

do $$
begin
    for year in 2000..2040 loop
        execute format(
            'create table market.bar_indicators_%1$s partition of market.bar_indicators '
            'for values from (%2$L) to (%3$L)',
            year, year || '-01-01 00:00:00+00', year + 1 || '-01-01 00:00:00+00'
        );
    end loop;
end
$$;
create table market.bar_indicators_default partition of market.bar_indicators default;

-- No key: merges only add rows, so that two of them, or one and the computation, never wait for
-- each other.
create table market.indicator_work (
    symbol text not null,
    interval text not null,
    from_time timestamptz not null,
    until_time timestamptz not null
);
create index indicator_work_series_idx on market.indicator_work (symbol, interval);

comment on table market.indicator_work is
'The first and the last bar that a merge wrote in a series, added in the merge''s transaction and '
'removed in the one that has derived the series again from the first of them on.';

insert into market.indicator_work (symbol, interval, from_time, until_time)
select
    symbol,
    interval,
    min(bar_time) as from_time,
    max(bar_time) as until_time
from market.events_stream
group by symbol, interval;

grant select, insert, update on market.bar_indicators to stream_writer;
grant select, insert, delete on market.indicator_work to stream_writer;
