#!/bin/sh
# exchange_calendars 4.13.2 and pandas_market_calendars 5.5.0, 2026-11-29:
# Hong Kong's exchange stayed closed for whole days by typhoon or rainstorm until September 2024.
# Each library lists some of these days as sessions, and not the same: neither has all of them, and
# neither says so. The second also gives its calendar `HKEX` no half days: on Christmas Eve it
# closes at 16:00, where trading ends at 12:00. So an expected-bars check by either finds a day of
# missing bars that was never traded.
# Seen (True: listed as a session):
#   2020-10-13 exchange_calendars False pandas_market_calendars True
#   2021-10-13 exchange_calendars False pandas_market_calendars True
#   2023-07-17 exchange_calendars False pandas_market_calendars False
#   2023-09-01 exchange_calendars True pandas_market_calendars False
#   2023-09-08 exchange_calendars True pandas_market_calendars False
#   2024-09-06 exchange_calendars False pandas_market_calendars True
#   2024-12-24 closes at exchange_calendars 12:00 pandas_market_calendars 16:00
# Exits with 1 if that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet exchange_calendars==4.13.2 pandas_market_calendars==5.5.0
cat > "$folder/look.py" <<'END'
import exchange_calendars
import pandas as pd
import pandas_market_calendars

first, last = "2020-01-01", "2024-12-31"
one = exchange_calendars.get_calendar("XHKG", start=first, end=last).schedule
other = pandas_market_calendars.get_calendar("HKEX").schedule(first, last)
names = ("exchange_calendars", "pandas_market_calendars")
CLOSED = ("2020-10-13", "2021-10-13", "2023-07-17", "2023-09-01", "2023-09-08", "2024-09-06")
for day in CLOSED:
    listed = [day in table.index.strftime("%Y-%m-%d") for table in (one, other)]
    print(day, *(f"{name} {is_listed}" for name, is_listed in zip(names, listed)))
day = pd.Timestamp("2024-12-24")
closes = (one.loc[day, "close"], other.loc[day, "market_close"])
clocks = [close.tz_convert("Asia/Hong_Kong").strftime("%H:%M") for close in closes]
print(day.date(), "closes at", *(f"{name} {clock}" for name, clock in zip(names, clocks)))
END
"$folder/venv/bin/python" "$folder/look.py" > "$folder/seen"
cat "$folder/seen"
sed -n 's/^#   //p' "$0" | cmp --silent - "$folder/seen"
