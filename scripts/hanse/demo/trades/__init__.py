"""The four trades of the demo, one file each."""
