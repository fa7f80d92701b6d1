"""What is made of an execution's steps and calls: each tracer is told by the engine and answers JSON in geth's shape."""
