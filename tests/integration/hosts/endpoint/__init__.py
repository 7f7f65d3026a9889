"""The endpoint that Power BI comes to."""
