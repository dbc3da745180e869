"""The five services. Each owns its data; none imports another."""
