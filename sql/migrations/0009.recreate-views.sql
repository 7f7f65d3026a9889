-- Columns of views that only other views read went.
call market.drop_views();
