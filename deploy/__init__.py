"""Ways to run the five services: on one machine, in containers, in a region. Nothing imports this package."""
