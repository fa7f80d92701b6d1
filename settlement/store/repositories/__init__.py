"""Queries, one file per noun. Every function takes the caller's session and never commits."""
