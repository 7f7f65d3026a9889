"""Power BI for Tapeline: a description in Python → a project, a connection kit, a doctor.

`model` holds the tables with their measures, `report` the pages, each in files by subject; `tmdl`
and `pbir` write them down, `kit` adds what a first connection needs, `folder` puts it on a disk.
`doctor` looks at a server the way that Power BI's driver does.
"""
