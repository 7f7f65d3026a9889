"""A finding in, lines for a person out. Pure."""

from __future__ import annotations

from powerbi.doctor.findings import Finding


def told(finding: Finding) -> str:
    """Return a finding as lines for a person."""
    mark = {"ok": "ok   ", "note": "note ", "fault": "FAULT"}[finding.level]
    lines = [f"{mark} {finding.name}: {finding.detail}"]
    if finding.level == "fault":
        lines += [f"      Power BI shows: {finding.power_bi_says}", f"      do: {finding.remedy}"]
    return "\n".join(lines) + "\n"
