"""The vendor's interface: calls in, answers, envelopes and faults out."""
