"""What people ask by the data API: rules of their own, and how often one would have fired."""
