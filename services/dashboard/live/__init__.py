"""What was committed, sent to the pages that are open."""
