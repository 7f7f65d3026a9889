"""The report: its pages and visuals, and the PBIR they make."""
