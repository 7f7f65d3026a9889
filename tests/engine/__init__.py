"""Every stack in front of Pulumi's own engine, with stand-ins for the clouds."""
