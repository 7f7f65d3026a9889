-- Where a symbol trades, told by its suffix as Alpha Vantage writes it; none is New York.
create or replace function market.exchange(symbol text) returns text
language sql immutable strict parallel safe
return case split_part(symbol, '.', 2)
    when 'LON' then 'XLON'
    when 'TRT' then 'XTSE'
    when 'TRV' then 'XTSE'
    when 'DEX' then 'XETR'
    when 'BSE' then 'XBOM'
    when 'SHH' then 'XSHG'
    when 'SHZ' then 'XSHE'
    else 'XNYS'
end;

create or replace function market.time_zone(symbol text) returns text
language sql immutable strict parallel safe
return case split_part(symbol, '.', 2)
    when 'LON' then 'Europe/London'
    when 'TRT' then 'America/Toronto'
    when 'TRV' then 'America/Toronto'
    when 'DEX' then 'Europe/Berlin'
    when 'BSE' then 'Asia/Kolkata'
    when 'SHH' then 'Asia/Shanghai'
    when 'SHZ' then 'Asia/Shanghai'
    else 'America/New_York'
end;
