-- Every reader sees every view of `bi`, and nothing else.
grant usage on schema bi to market_reader;
grant select on all tables in schema bi to stream_writer, market_reader;
