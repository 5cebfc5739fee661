//! What is printed when the command line makes no sense.

/// The options, as HAProxy lists them; those that Sluice doesn't run say so.
pub(crate) const USAGE: &str = "\
Usage : sluice [-f <cfgfile|cfgdir>]* [ -vdVD ] [ -n <maxconn> ] [ -N <maxpconn> ]
        [ -p <pidfile> ] [ -m <max megs> ] [ -C <dir> ] [-- <cfgfile>*]
        -v displays version ; -vv shows known build options.
        -vq/-vqs/-vqb only displays version, short version, branch.
        -d, -db stay in the foreground.
        -V enters verbose mode (disables quiet mode)
        -D goes daemon ; -C changes to <dir> before loading files.
        -q quiet mode : don't display messages
        -c check mode : only check config files and exit
        -cc check condition : evaluate a condition and exit
        -n sets the maximum total # of connections (uses ulimit -n)
        -m limits the usable amount of memory (in MB)
        -N sets the default, per-proxy maximum # of connections
        -L set local peer name (default to hostname)
        -p writes pids of all children to this file
        -dR disables SO_REUSEPORT usage
        -dL dumps loaded object files after config checks
        -dK{class[,...]} dump registered keywords (use 'help' for list)
        -dW fails if any warning is emitted
        -dD diagnostic mode : warn about suspicious configuration statements
        -W, -Ws master-worker mode, -Ws with systemd's notifications.
        -S <bind>[,level <level>|,mode <mode>] master CLI
        -sf/-st [pid ]* finishes/terminates old pids.
        --demo serves a built-in example in front of built-in servers.
        --explain '<method> <target>' [-H '<name>: <value>']* [--src <address>]
            [--tls-sni <name>] [--frontend <name>] [--status <code>]
            [--response-header '<name>: <value>']* says what would become of a
            request and its response: each rule with its parts' values, the
            backend, the server, the cookies, what clients get, the log line
 Known, and refused when starting (this version does not run them) :
        -x <unix_socket> get listening sockets from a unix socket
 Known, and ignored with a warning :
        -4 -dA -dC -dF -dG -dM -dS -dV -dZ -dc -de -dr -dt
";
