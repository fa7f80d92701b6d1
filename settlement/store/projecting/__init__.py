"""What each event does to the projection: one file per contract, one function per event."""
