"""Write ``settlement/chain/bindings`` from the contracts' artifacts: ``python -m hanse.bindgen``."""
