# Runs a server for as long as stdin is open, then removes its folder (the current one). The other end of stdin is held by
# pgwright alone: it closes when pgwright is done, is interrupted or is killed.
# Arguments: the program, then its arguments.
umask 077
run=$PWD
server=
finish() {
    trap '' HUP TERM
    if [ -n "$server" ]; then
        # A shell's background processes start out ignoring QUIT, which is PostgreSQL's immediate shutdown. TERM ends those that
        # have not come to handle either.
        kill -TERM "$server" 2>/dev/null
        kill -QUIT "$server" 2>/dev/null
        wait "$server"
    fi
    cd / && rm -rf "$run"
    exit "${1:-0}"
}
trap finish HUP TERM
# The first line says where the template is: when it comes, the folder is ready.
read -r template || finish
if [ -n "$template" ]; then
    cp -R "$template" data || finish 1
fi
"$@" </dev/null &
server=$!
while read -r _; do :; done
finish
