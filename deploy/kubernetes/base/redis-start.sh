# What docker-compose.yml does before its server starts: an unfinished end of the append-only file is taken off.
manifest=appendonlydir/appendonly.aof.manifest
if [ -f $manifest ]; then
  found=$(redis-check-aof $manifest | sed -n 's/.*filename=\([^,]*\),.*diff=/\1 /p' | tail -n 1)
  tail=${found#* }
  # A finished transaction behind the damage: no unfinished end, the server shall refuse to start.
  if [ "${tail:-0}" -gt 0 ] && [ "$tail" -le 67108864 ] && ! tail -c "$tail" "appendonlydir/${found%% *}" | grep -q '^EXEC'; then
    echo y | redis-check-aof --fix $manifest
  fi
fi
exec docker-entrypoint.sh "$@"
