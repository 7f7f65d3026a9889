-- Splits, spin-offs and cash dividends as they are now, and each value that was replaced. Prices
-- stay as traded; the views of other price bases multiply them by what stands here.

create table market.corporate_actions (
    symbol text not null,
    kind text not null check (kind in ('split', 'spin_off', 'dividend')),
    ex_date date not null,
    number integer not null check (number >= 0),
    numerator numeric(38, 0) check (numerator > 0),
    denominator numeric(38, 0) check (denominator > 0),
    amount numeric check (amount > 0),
    vendor_value text not null,
    declaration_date date,
    record_date date,
    payment_date date,
    is_withdrawn boolean not null,
    source text not null,
    observed_at timestamptz not null,
    revision integer not null default 1,
    inserted_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    kafka_partition integer not null,
    kafka_offset bigint not null,
    primary key (symbol, kind, ex_date, number),
    check (
        is_withdrawn
        or case when kind = 'dividend' then amount else numerator / denominator end is not null
    )
);

comment on table market.corporate_actions is
'One row per split, spin-off or cash dividend: the newest observation of it.';
comment on column market.corporate_actions.ex_date is
'The first trading day on the new basis: bars of an earlier session_date are on the old one.';
comment on column market.corporate_actions.number is
'0, or more for the further ones of a kind on one day.';
comment on column market.corporate_actions.numerator is
'With denominator the exact ratio of a split (new shares for old), or of a spin-off (the price '
'before for the one after): prices before ex_date are divided by it.';
comment on column market.corporate_actions.amount is
'Cash for a share as it was held before ex_date, in the currency of the prices.';
comment on column market.corporate_actions.vendor_value is
'The ratio or the amount as it was sent.';
comment on column market.corporate_actions.is_withdrawn is
'Whether the vendor no longer names it: it has no effect.';

create table market.corporate_action_revisions (
    like market.corporate_actions,
    replaced_at timestamptz not null default clock_timestamp(),
    primary key (symbol, kind, ex_date, number, revision)
);

comment on table market.corporate_action_revisions is
'One row per value of a corporate action that a newer observation replaced.';

-- An action seen again moves observed_at alone, which makes no revision.
create function market.keep_replaced_action() returns trigger
language plpgsql as $$
begin
    insert into market.corporate_action_revisions select old.*;
    return null;
end
$$;

create trigger keep_replaced_action
after update on market.corporate_actions
for each row when (old.revision <> new.revision) execute function market.keep_replaced_action();

-- Exact: numeric keeps every digit of a product.
create aggregate market.product (numeric) ( -- noqa: LT01
    sfunc = numeric_mul, stype = numeric, initcond = '1', parallel = safe
);

grant select, insert, update on market.corporate_actions to stream_writer;
grant select, insert on market.corporate_action_revisions to stream_writer;
