"""The commands of `fab`, one function each: options in, what is done in the modules above."""
