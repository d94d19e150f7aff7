"""The directional strategies of this release, written with nothing but `sauda_strategy.api`, as yours are."""
