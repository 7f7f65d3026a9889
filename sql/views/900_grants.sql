-- Every reader sees every view of `bi`, and nothing else.
grant usage on schema bi to market_reader;
grant select on all tables in schema bi to stream_writer, alerts_service, market_reader;
-- From when on a rule that is added looks at bars.
grant select on market.present_of_sources to alerts_service;
-- Which names the stream stores bars under.
grant select on market.present_names to stream_writer;
