"""Routes of one noun."""
