-- Every reader sees every view of `bi`, and nothing else.
grant select on all tables in schema bi to stream_writer, dashboard_reader, powerbi_reader;
