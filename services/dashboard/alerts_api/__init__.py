"""Rules of alerts that people make: the page and the API ask, the service of alerts answers."""
