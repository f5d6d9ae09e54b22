"""Pictures of values, networks and programs."""
