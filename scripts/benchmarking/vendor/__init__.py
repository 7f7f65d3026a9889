"""What stands for the vendor where the producer is measured."""
