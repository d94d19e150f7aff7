"""From intents to orders: one piece of work per instrument at a time, carried on through refusals, parts and cancellations."""
