-- Instruments that were renamed: their bars are stored under the name of today, and under which
-- name the vendor told of them is kept, so that a rename can be taken back.

create table market.renames (
    old_symbol text not null,
    new_symbol text not null check (new_symbol <> old_symbol),
    renamed_on date not null,
    added_at timestamptz not null default clock_timestamp(),
    primary key (old_symbol, renamed_on),
    unique (new_symbol, renamed_on)
);
comment on table market.renames is
'One row per rename that python -m sql.renames was told: the first trade date under the new name. '
'market.present_names says what follows of it.';

create table market.told_names (
    symbol text not null,
    interval text not null,
    bar_time timestamptz not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    told_symbol text not null,
    primary key (symbol, interval, bar_time, kafka_partition, kafka_offset)
);
comment on table market.told_names is
'One row per record that is stored under another name than its own: of a bar, or of a value of it '
'that a newer one replaced.';

grant select on market.renames to stream_writer;
grant select, insert on market.told_names to stream_writer;
