"""The demo: trades played over HTTP by outside parties with keys of their own."""
