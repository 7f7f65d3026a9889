"""Power BI for Tapeline: a description in Python → a project, a connection kit, a doctor.

`tables` and `pages` describe what there is, in the terms of `model` and `report`; `tmdl` and `pbir`
write it down, `kit` adds what a first connection needs, `folder` puts it on a disk. `doctor` looks
at a server the way that Power BI's driver does.
"""
