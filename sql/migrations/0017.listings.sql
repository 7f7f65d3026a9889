-- US stocks and ETFs that the vendor lists, active and delisted: signs that a ticker is another's.
create table market.listings (
    symbol text not null,
    name text not null,
    exchange text not null,
    listed_on date,
    delisted_on date
);
create index listings_symbol_idx on market.listings (symbol);
comment on table market.listings is
'One row per listing of the files that python -m sql.listings was last given; delisted_on is null '
'of one that is active.';
