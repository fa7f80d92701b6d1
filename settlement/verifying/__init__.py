"""The comparisons of `settlement.verify`, one file per part of the network."""
