#!/bin/sh
# pandas_market_calendars 5.5.0 and exchange_calendars 4.13.2, 2026-11-29:
# Beyond the last year whose holidays are known, the first lists every weekday as a trading day of
# Bombay, of the NSE and of Shanghai, without an error or a warning. The second, which it builds on,
# raises for the same calendars and the same days. So a schedule for January to March 2027 holds
# sessions on Republic Day and in the Chinese New Year; its own calendar `SSE` leaves those out.
# Seen (weekdays in 2027: 261):
#   BSE 261 sessions in 2027, 245 in 2026; open on 2027-01-26: True
#   NSE 261 sessions in 2027, 245 in 2026; open on 2027-01-26: True
#   XSHG 261 sessions in 2027, 242 in 2026; open on 2027-02-08: True
#   SSE 246 sessions in 2027, 242 in 2026; open on 2027-02-08: False
#   exchange_calendars, XBOM to 2027: ValueError
#   exchange_calendars, XSHG to 2027: ValueError
# Exits with 1 if that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas_market_calendars==5.5.0 exchange_calendars==4.13.2
cat > "$folder/look.py" <<'END'
import warnings

import exchange_calendars
import pandas_market_calendars

warnings.simplefilter("error", UserWarning)


def sessions(name: str, year: int) -> list[str]:
    calendar = pandas_market_calendars.get_calendar(name)
    days = calendar.schedule(f"{year}-01-01", f"{year}-12-31").index
    return [str(day.date()) for day in days]


def told(name: str, holiday: str) -> str:
    next_year, this_year = sessions(name, 2027), sessions(name, 2026)
    counts = f"{name} {len(next_year)} sessions in 2027, {len(this_year)} in 2026"
    return f"{counts}; open on {holiday}: {holiday in next_year}"


def asked(name: str) -> str:
    try:
        exchange_calendars.get_calendar(name, end="2027-12-31")
    except ValueError as error:
        return f"exchange_calendars, {name} to 2027: {type(error).__name__}"
    return f"exchange_calendars, {name} to 2027: known"


republic_day, new_year = "2027-01-26", "2027-02-08"
print(told("BSE", republic_day))
print(told("NSE", republic_day))
print(told("XSHG", new_year))
print(told("SSE", new_year))
print(asked("XBOM"))
print(asked("XSHG"))
END
"$folder/venv/bin/python" "$folder/look.py" > "$folder/seen"
cat "$folder/seen"
sed -n 's/^#   //p' "$0" | cmp --silent - "$folder/seen"
