"""What follows once the machine exists: the first contact and the deployment."""
