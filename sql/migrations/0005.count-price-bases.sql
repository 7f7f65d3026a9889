-- Bars that are not as traded are found without those that are: where all are, it holds nothing.
create index events_stream_adjusted_idx on market.events_stream (symbol, interval, basis)
where basis <> 'raw';
