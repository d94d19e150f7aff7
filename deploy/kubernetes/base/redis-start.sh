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
# Who may do what (docs/threats.md). Without the file nobody may do anything: a server that everybody rules must not start.
if [ ! -f /run/desk/redis.acl ]; then
  echo "no file of users: run make up once, it writes var/secrets/redis.acl" >&2
  exit 1
fi
(umask 077 && cat /run/desk/redis.acl >/tmp/users.acl)
[ "$(id -u)" != 0 ] || chown redis /tmp/users.acl
set -- "$@" --aclfile /tmp/users.acl
exec docker-entrypoint.sh "$@"
