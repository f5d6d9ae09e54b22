"""Why a network does not learn: causes that are suspected cheaply, then proved by training with and without them."""
