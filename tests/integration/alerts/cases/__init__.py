"""How each alert comes and goes, by what tells it."""

from __future__ import annotations

from tests.integration.alerts.cases.of_database import DATABASE
from tests.integration.alerts.cases.of_machine import FIGURES, HOST, MACHINE
from tests.integration.alerts.cases.of_market_alerts import MARKET_ALERTS
from tests.integration.alerts.cases.of_producer import OF_PRODUCER
from tests.integration.alerts.cases.of_stream import STREAM
from tests.integration.alerts.cases.of_targets import TARGETS
from tests.integration.alerts.cases.silent import SILENT

ALL = (
    *STREAM,
    *OF_PRODUCER,
    *MACHINE,
    *HOST,
    *FIGURES,
    *DATABASE,
    *MARKET_ALERTS,
    *TARGETS,
    *SILENT,
)
