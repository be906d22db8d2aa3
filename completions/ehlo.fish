# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ehlo_global_optspecs
    string join \n h/help V/version
end

function __fish_ehlo_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ehlo_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ehlo_using_subcommand
    set -l cmd (__fish_ehlo_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ehlo -n "__fish_ehlo_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ehlo -n "__fish_ehlo_needs_command" -s V -l version -d 'Print version'
complete -c ehlo -n "__fish_ehlo_needs_command" -f -a "connect" -d 'Open a console on a server, or a batch conversation when stdin is no terminal'
complete -c ehlo -n "__fish_ehlo_needs_command" -f -a "run" -d 'Run recorded conversations with expectations'
complete -c ehlo -n "__fish_ehlo_needs_command" -f -a "serve" -d 'The practice server by itself, for other clients and for tests'
complete -c ehlo -n "__fish_ehlo_needs_command" -f -a "encode" -d 'AUTH credentials, line by line, without a server'
complete -c ehlo -n "__fish_ehlo_needs_command" -f -a "decode" -d 'What a base64 blob or a pasted AUTH exchange holds'
complete -c ehlo -n "__fish_ehlo_needs_command" -f -a "explain" -d 'A verb, reply code, enhanced code, capability or pasted reply, offline'
complete -c ehlo -n "__fish_ehlo_needs_command" -f -a "load" -d 'Load generator (smtp-source\'s job)'
complete -c ehlo -n "__fish_ehlo_needs_command" -f -a "sink" -d 'Accepts and discards mail (smtp-sink\'s job)'
complete -c ehlo -n "__fish_ehlo_needs_command" -f -a "show" -d 'A recorded log, as people, talks or a browser read it'
complete -c ehlo -n "__fish_ehlo_needs_command" -f -a "talk" -d 'Look after talk files'
complete -c ehlo -n "__fish_ehlo_needs_command" -f -a "config" -d 'What configuration is in force, and from where'
complete -c ehlo -n "__fish_ehlo_needs_command" -f -a "completions" -d 'Shell completions, as in completions/'
complete -c ehlo -n "__fish_ehlo_needs_command" -f -a "man" -d 'The manual page'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l source -d 'Local address to connect from' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l resolve -d 'Use this address for a host and port instead of asking the resolver' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l proxy-header -d 'Send a PROXY header first, for servers behind HAProxy' -r -f -a "v1\t'Text header'
v2\t'Binary header'"
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l timeout -d 'Time limit for each step: connecting, TLS, a reply' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l pin -d 'Trust a certificate with this fingerprint or key pin only' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l sni -d 'Name sent in the handshake [default: the target]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l expect-name -d 'Name that the certificate must bear [default: the target]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l alpn -d 'ALPN protocol id to offer [default: none]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l tls-min -d 'Lowest TLS version' -r -f -a "1.2\t'TLS 1.2'
1.3\t'TLS 1.3'"
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l tls-max -d 'Highest TLS version' -r -f -a "1.2\t'TLS 1.2'
1.3\t'TLS 1.3'"
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l cert -d 'Client certificate chain, PEM' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l key -d 'Client key, PEM [default: in the certificate\'s file]' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l keylog -d 'Write TLS session keys for a sniffer [default file: $SSLKEYLOGFILE]' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l user -d 'User name (fills the question; with --login logs in)' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l login -d 'Log in at once, with the strongest mechanism or the one named' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l password-command -d 'Password or token: first line that the command prints' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l password-fd -d 'Password or token: first line from this file descriptor' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l color -d 'Colours [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l log -d 'Append the conversation to a file: JSON lines when it ends in .jsonl, else marked text' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l name -d 'Name that ehlo says where it says EHLO itself [default: the host name, else an address literal]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l save -d 'Write the conversation as a talk when it ends' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -s 4 -d 'IPv4 only'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -s 6 -d 'IPv6 only'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l tls -d 'TLS from the first octet'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l starttls -d 'STARTTLS at once, or fail'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l no-tls -d 'No TLS, whatever scheme or port say'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l insecure -d 'Go on without trust (the verdict is still shown)'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l ask-password -d 'Ask for the password, even when it could be found elsewhere'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l allow-cleartext-auth -d 'In batch: let credentials travel in the clear to a host that is not loopback'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l explain -d 'One dim line after each reply that says what it means'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l show-secrets -d 'Show secrets on the screen (never in files)'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l json -d 'One JSON object a line instead of marked text'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -s q -l quiet -d 'Only what the server says'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -s v -l verbose -d 'More: times of all replies, TLS details (twice: engine state)'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l no-history -d 'Keep nothing of this console in the history'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l allow-commands -d 'Let a batch start programs and write files (:|, :>, :edit, :run)'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l fail-fast -d 'In batch: say QUIT and end at the first refusal'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -l simple-ui -d 'No redraw, no colour, nothing that relies on position: for screen readers'
complete -c ehlo -n "__fish_ehlo_using_subcommand connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l var -d 'Give a variable a value' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l secret -d 'Give a variable a secret value: the first line that the command prints' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l target -d 'Run against this target instead of those of its protocol that the talk opens; practice: the practice server' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -s j -l jobs -d 'How many talks at once' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l repeat -d 'Run each talk so often' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l format -d 'Report format' -r -f -a "human\t'For people'
tap\t'Test Anything Protocol'
junit\t'JUnit XML'
json\t'JSON'"
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l html -d 'Write a self-contained HTML report' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l source -d 'Local address to connect from' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l resolve -d 'Use this address for a host and port instead of asking the resolver' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l proxy-header -d 'Send a PROXY header first, for servers behind HAProxy' -r -f -a "v1\t'Text header'
v2\t'Binary header'"
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l timeout -d 'Time limit for each step: connecting, TLS, a reply' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l pin -d 'Trust a certificate with this fingerprint or key pin only' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l sni -d 'Name sent in the handshake [default: the target]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l expect-name -d 'Name that the certificate must bear [default: the target]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l alpn -d 'ALPN protocol id to offer [default: none]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l tls-min -d 'Lowest TLS version' -r -f -a "1.2\t'TLS 1.2'
1.3\t'TLS 1.3'"
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l tls-max -d 'Highest TLS version' -r -f -a "1.2\t'TLS 1.2'
1.3\t'TLS 1.3'"
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l cert -d 'Client certificate chain, PEM' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l key -d 'Client key, PEM [default: in the certificate\'s file]' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l keylog -d 'Write TLS session keys for a sniffer [default file: $SSLKEYLOGFILE]' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l user -d 'User name (fills the question; with --login logs in)' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l login -d 'Log in at once, with the strongest mechanism or the one named' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l password-command -d 'Password or token: first line that the command prints' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l password-fd -d 'Password or token: first line from this file descriptor' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l color -d 'Colours [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l log -d 'Append the conversation to a file: JSON lines when it ends in .jsonl, else marked text' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l step -d 'Show each step and wait for Enter'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l allow-commands -d 'Let talks start programs and name files outside their own folder'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -s 4 -d 'IPv4 only'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -s 6 -d 'IPv6 only'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l tls -d 'TLS from the first octet'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l starttls -d 'STARTTLS at once, or fail'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l no-tls -d 'No TLS, whatever scheme or port say'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l insecure -d 'Go on without trust (the verdict is still shown)'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l ask-password -d 'Ask for the password, even when it could be found elsewhere'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l allow-cleartext-auth -d 'In batch: let credentials travel in the clear to a host that is not loopback'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l explain -d 'One dim line after each reply that says what it means'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l show-secrets -d 'Show secrets on the screen (never in files)'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -l json -d 'One JSON object a line instead of marked text'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -s q -l quiet -d 'Only what the server says'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -s v -l verbose -d 'More: times of all replies, TLS details (twice: engine state)'
complete -c ehlo -n "__fish_ehlo_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l port-base -d 'First of the ports: N+25, +465, +587, +24, +110, +995, +143, +993 [default: 2000]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l smtp -d 'Port for smtp (0: any free one); naming one port leaves out the others that are not named' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l smtps -d 'Port for smtps' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l submission -d 'Port for submission' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l lmtp -d 'Port for lmtp' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l pop3 -d 'Port for pop3' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l pop3s -d 'Port for pop3s' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l imap -d 'Port for imap' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l imaps -d 'Port for imaps' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l ready-file -d 'Write the addresses to this file when ready, complete or not at all' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l ca-out -d 'Write the CA certificate here [default: in the user\'s runtime folder]' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l fault -d 'Faults to commit, a TOML table' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l client-cert -d 'Write a certificate with its key for this user, which logs in with EXTERNAL; clients are then asked for one' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l user -d 'Add a user (of the practice server: the password is no secret)' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l timeout -d 'Drop a silent client after so long [default: the RFC\'s times]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l color -d 'Colours [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l log -d 'Append the conversation to a file: JSON lines when it ends in .jsonl, else marked text' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l accept-any -d 'Take any login'
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l anonymous -d 'Admit guests: ANONYMOUS is offered, and logs in as the user anonymous'
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l listen-publicly -d 'Listen on all addresses, not on loopback alone'
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l explain -d 'One dim line after each reply that says what it means'
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l show-secrets -d 'Show secrets on the screen (never in files)'
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -l json -d 'One JSON object a line instead of marked text'
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -s q -l quiet -d 'Only what the server says'
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -s v -l verbose -d 'More: times of all replies, TLS details (twice: engine state)'
complete -c ehlo -n "__fish_ehlo_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ehlo -n "__fish_ehlo_using_subcommand encode" -l authzid -d 'Identity to act as' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand encode" -l challenge -d 'The server\'s challenge, as it came (else read from standard input where one is needed)' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand encode" -l nonce -d 'The client nonce, for exact repeats' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand encode" -l host -d 'Host name, where the mechanism names it' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand encode" -l port -d 'Port, where the mechanism names it' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand encode" -l service -d 'Service, where the mechanism names it' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand encode" -l password-command -d 'Password or token: first line that the command prints' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand encode" -l password-fd -d 'Password or token: first line from this file descriptor' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand encode" -l url-safe -d 'Base64 with - and _'
complete -c ehlo -n "__fish_ehlo_using_subcommand encode" -s h -l help -d 'Print help'
complete -c ehlo -n "__fish_ehlo_using_subcommand decode" -l show-secrets -d 'Show passwords and tokens'
complete -c ehlo -n "__fish_ehlo_using_subcommand decode" -l url-safe -d 'Base64 with - and _'
complete -c ehlo -n "__fish_ehlo_using_subcommand decode" -s h -l help -d 'Print help'
complete -c ehlo -n "__fish_ehlo_using_subcommand explain" -l after -d 'The verb that was answered' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand explain" -s h -l help -d 'Print help'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s s -l sessions -d 'Sessions at a time' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s m -l messages -d 'Messages in all [default: 1; with --duration, as many as fit]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s l -l length -d 'Octets of each body, a range to choose from, as in 1000-20000, or a distribution with weights, as in 2000:70,8000-90000:29,5000000:1 [default: 5120]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s F -l file -d 'Send this message, or in turn the .eml files of this folder' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s f -l from -d 'Sender' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s t -l to -d 'Recipient' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l recipients-file -d 'Recipients in turn, one a line, instead of --to' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s r -l recipients -d 'Recipients of each message; a number goes in front of the address' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s S -l subject -d 'Subject' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s M -l name -d 'Name said in EHLO [default: the host name]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l per-connection -d 'Keep a connection for so many messages' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s C -l tries -d 'Try so often to make a connection, before it counts as failed' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l duration -d 'End after so long' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l rate -d 'Messages a second, due at fixed times however slow the server is [default: as fast as it goes; 10 where the server is not on this machine]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l ramp -d 'Take so long to reach the rate; without a rate, to open the sessions' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s R -l random-wait -d 'Wait a random time up to this between the messages of a session' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s w -l wait -d 'Wait this long between the messages of a session' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l seed -d 'Where random sizes and times begin: the same seed gives the same' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l accounts -d 'Log in with the accounts of this file in turn: name,password a line' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l mix -d 'What sessions do that read: a command a line, with its weight in front' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l until-visible -d 'Measure the time until each message is visible in this mailbox, too' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l max-errors -d 'End when there are more errors than this' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l yes-load -d 'The server at HOST is mine to load: needed for any host but this machine, in batch' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s T -l window -d 'Receive window of about so many octets' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l threads -d 'Threads [default: half the cores, all where the server is elsewhere]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l html -d 'Write the report as a page, with charts' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l hdr -d 'Write the report with its histograms, for --merge and --compare' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l merge -d 'Run nothing: join the reports of several machines, written with --hdr' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l compare -d 'Show what changed since this report (of --json or --hdr)' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l color -d 'Colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l source -d 'Local address to connect from' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l resolve -d 'Use this address for a host and port instead of asking the resolver' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l proxy-header -d 'Send a PROXY header first, for servers behind HAProxy' -r -f -a "v1\t'Text header'
v2\t'Binary header'"
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l timeout -d 'Time limit for each step: connecting, TLS, a reply' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l pin -d 'Trust a certificate with this fingerprint or key pin only' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l sni -d 'Name sent in the handshake [default: the target]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l expect-name -d 'Name that the certificate must bear [default: the target]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l alpn -d 'ALPN protocol id to offer [default: none]' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l tls-min -d 'Lowest TLS version' -r -f -a "1.2\t'TLS 1.2'
1.3\t'TLS 1.3'"
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l tls-max -d 'Highest TLS version' -r -f -a "1.2\t'TLS 1.2'
1.3\t'TLS 1.3'"
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l cert -d 'Client certificate chain, PEM' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l key -d 'Client key, PEM [default: in the certificate\'s file]' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l keylog -d 'Write TLS session keys for a sniffer [default file: $SSLKEYLOGFILE]' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l user -d 'User name (fills the question; with --login logs in)' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l login -d 'Log in at once, with the strongest mechanism or the one named' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l password-command -d 'Password or token: first line that the command prints' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l password-fd -d 'Password or token: first line from this file descriptor' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s N -l numbered -d 'Put a number that does not repeat in front of each recipient'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s d -l keep -d 'Keep connections: the next message goes over the same one'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s L -l lmtp -d 'Speak LMTP'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l pipelining -d 'Send the envelope at once, and with the content before it where the connection is kept'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l chunking -d 'Send content with BDAT'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s o -l old -d 'Old mode: say no EHLO, and send bodies without a header'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l resume -d 'Resume TLS sessions'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l stop-on-error -d 'End at the first error'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s c -l counter -d 'A line a second on how far it is, also where the output is no terminal'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l json -d 'The report as one line of JSON'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s q -l quiet -d 'Only the report'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s 4 -d 'IPv4 only'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s 6 -d 'IPv6 only'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l tls -d 'TLS from the first octet'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l starttls -d 'STARTTLS at once, or fail'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l no-tls -d 'No TLS, whatever scheme or port say'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l insecure -d 'Go on without trust (the verdict is still shown)'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l ask-password -d 'Ask for the password, even when it could be found elsewhere'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -l allow-cleartext-auth -d 'In batch: let credentials travel in the clear to a host that is not loopback'
complete -c ehlo -n "__fish_ehlo_using_subcommand load" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l name -d 'Own name in greetings' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s T -l window -d 'Receive window of about so many octets' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s u -l run-as -d 'Go on with the rights of this user, once the port is open' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s R -l chroot -d 'Go on with this folder as the root of all paths, once the port is open' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s m -l max-connections -d 'Connections at a time; others wait to be accepted' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s t -l timeout -d 'Drop a silent client after so long' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s M -l stop-after -d 'End after so many accepted messages' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s n -l stop-after-connections -d 'End after so many connections' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l ca-out -d 'Write the CA certificate here [default: in the user\'s runtime folder]' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l auth -d 'Offer AUTH and take any login' -r -f -a "any\t'Anybody'"
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l user -d 'Offer AUTH for this account (of the sink: the password is no secret)' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s f -l reject -d 'Refuse these commands for good: verbs, "connect" or "." for the end of the message' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s B -l reject-reply -d 'What a refusal for good says' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s r -l soft-reject -d 'Refuse these commands for now' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s b -l soft-reject-reply -d 'What a refusal for now says' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s Q -l bye -d 'Answer these commands with 421 and disconnect' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l disconnect -d 'Disconnect without an answer to these commands' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s W -l delay -d 'Wait before the answer: VERB:2, VERB:50ms; with odds (1 to 99) a random multiple of the time, once more for each throw below the odds' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l seed -d 'Where the dice of --delay begin: the same seed gives the same' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s H -l read-delay -d 'Wait behind the go-ahead of DATA before reading on' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s A -l abort -d 'Wait so long behind the go-ahead of DATA, reading nothing, then refuse with 550 and disconnect' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l hide -d 'Do not offer these extensions, such as PIPELINING,CHUNKING' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l fault -d 'More faults, a TOML table' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s d -l dump -d 'Keep each message as a file named by strftime(3), with eight hex digits behind: %Y%m%d/%H%M' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s D -l dump-all -d 'Append messages to the file named by strftime(3)' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l dump-dir -d 'Keep each message as a file in this folder, with its envelope' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s S -l dump-start -d 'Begin each message of a dump with this text; C\'s escapes are understood' -r
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l mbox -d 'Append messages to this mbox file' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l maildir -d 'Deliver messages to this Maildir' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l ready-file -d 'Write the addresses to this file when ready, complete or not at all' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l html -d 'Write the report as a page' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l hdr -d 'Write the report with its histograms, for ehlo load --merge and --compare' -r -F
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s L -l lmtp -d 'Speak LMTP: a reply for each recipient'
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s 4 -d 'IPv4 only'
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s 6 -d 'IPv6 only'
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l listen-publicly -d 'Listen on addresses that are not loopback, too'
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l tls -d 'TLS from the first octet'
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l starttls -d 'Offer STARTTLS'
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -l json -d 'One JSON object a line: ready, then the report'
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s c -l counter -d 'A line twice a second on how far it is, also where the output is no terminal'
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s q -l quiet -d 'Neither live counter nor addresses: the report alone'
complete -c ehlo -n "__fish_ehlo_using_subcommand sink" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ehlo -n "__fish_ehlo_using_subcommand show" -l as -d 'As what' -r -f -a "human\t'Marked text'
talk\t'A talk'
html\t'A self-contained page'"
complete -c ehlo -n "__fish_ehlo_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ehlo -n "__fish_ehlo_using_subcommand talk; and not __fish_seen_subcommand_from check fmt import" -s h -l help -d 'Print help'
complete -c ehlo -n "__fish_ehlo_using_subcommand talk; and not __fish_seen_subcommand_from check fmt import" -f -a "check" -d 'Parse only'
complete -c ehlo -n "__fish_ehlo_using_subcommand talk; and not __fish_seen_subcommand_from check fmt import" -f -a "fmt" -d 'Format in place (- from standard input to standard output)'
complete -c ehlo -n "__fish_ehlo_using_subcommand talk; and not __fish_seen_subcommand_from check fmt import" -f -a "import" -d 'Make a talk of an RFC transcript or a swaks transcript'
complete -c ehlo -n "__fish_ehlo_using_subcommand talk; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c ehlo -n "__fish_ehlo_using_subcommand talk; and __fish_seen_subcommand_from fmt" -l check -d 'Only tell which files would change'
complete -c ehlo -n "__fish_ehlo_using_subcommand talk; and __fish_seen_subcommand_from fmt" -s h -l help -d 'Print help'
complete -c ehlo -n "__fish_ehlo_using_subcommand talk; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c ehlo -n "__fish_ehlo_using_subcommand config" -l color -d 'As if this were given: colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ehlo -n "__fish_ehlo_using_subcommand config" -l explain -d 'As if this were given: explanations'
complete -c ehlo -n "__fish_ehlo_using_subcommand config" -l no-history -d 'As if this were given: no history'
complete -c ehlo -n "__fish_ehlo_using_subcommand config" -l simple-ui -d 'As if this were given: the simple console'
complete -c ehlo -n "__fish_ehlo_using_subcommand config" -s v -l verbose -d 'As if this were given: all times'
complete -c ehlo -n "__fish_ehlo_using_subcommand config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ehlo -n "__fish_ehlo_using_subcommand completions" -s h -l help -d 'Print help'
complete -c ehlo -n "__fish_ehlo_using_subcommand man" -s h -l help -d 'Print help'
