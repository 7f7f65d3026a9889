-- Rows and a checksum of each table of the pipeline, whatever order they lie in; one line of JSON.
-- The checksum is of texts, whose form the database could have set otherwise.
set datestyle = iso;
set timezone = 'UTC';
set intervalstyle = postgres;
set extra_float_digits = 1;
set bytea_output = hex;
select jsonb_object_agg(named.name, counted.row order by named.name)
from pg_class
cross join lateral (
    select
        relnamespace::regnamespace::text as schema,
        case when relnamespace <> 'market'::regnamespace then relnamespace::regnamespace || '.' else '' end
        || relname as name
) as named
cross join lateral (
    select query_to_xml(
        format(
            'select count(*) as rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) '
            || 'as checksum from %s.%I as t', named.schema, relname
        ), false, true, ''
    ) as document
) as asked
cross join lateral (
    select jsonb_build_object(
        'rows', (xpath('/row/rows/text()', document))[1]::text::bigint,
        'checksum', (xpath('/row/checksum/text()', document))[1]::text
    ) as row
) as counted
where named.schema in ('market', 'alerts') and relkind in ('r', 'p') and not relispartition
    and relpersistence = 'p';
