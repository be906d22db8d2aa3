
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'ehlo' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'ehlo'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'ehlo' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Open a console on a server, or a batch conversation when stdin is no terminal')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run recorded conversations with expectations')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'The practice server by itself, for other clients and for tests')
            [CompletionResult]::new('encode', 'encode', [CompletionResultType]::ParameterValue, 'AUTH credentials, line by line, without a server')
            [CompletionResult]::new('decode', 'decode', [CompletionResultType]::ParameterValue, 'What a base64 blob or a pasted AUTH exchange holds')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'A verb, reply code, enhanced code, capability or pasted reply, offline')
            [CompletionResult]::new('load', 'load', [CompletionResultType]::ParameterValue, 'Load generator (smtp-source''s job)')
            [CompletionResult]::new('sink', 'sink', [CompletionResultType]::ParameterValue, 'Accepts and discards mail (smtp-sink''s job)')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'A recorded log, as people, talks or a browser read it')
            [CompletionResult]::new('talk', 'talk', [CompletionResultType]::ParameterValue, 'Look after talk files')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'What configuration is in force, and from where')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Shell completions, as in completions/')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'The manual page')
            break
        }
        'ehlo;connect' {
            [CompletionResult]::new('--source', '--source', [CompletionResultType]::ParameterName, 'Local address to connect from')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Use this address for a host and port instead of asking the resolver')
            [CompletionResult]::new('--proxy-header', '--proxy-header', [CompletionResultType]::ParameterName, 'Send a PROXY header first, for servers behind HAProxy')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Time limit for each step: connecting, TLS, a reply')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file instead of the system''s')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Trust a certificate with this fingerprint or key pin only')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name sent in the handshake [default: the target]')
            [CompletionResult]::new('--expect-name', '--expect-name', [CompletionResultType]::ParameterName, 'Name that the certificate must bear [default: the target]')
            [CompletionResult]::new('--alpn', '--alpn', [CompletionResultType]::ParameterName, 'ALPN protocol id to offer [default: none]')
            [CompletionResult]::new('--tls-min', '--tls-min', [CompletionResultType]::ParameterName, 'Lowest TLS version')
            [CompletionResult]::new('--tls-max', '--tls-max', [CompletionResultType]::ParameterName, 'Highest TLS version')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate chain, PEM')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key, PEM [default: in the certificate''s file]')
            [CompletionResult]::new('--keylog', '--keylog', [CompletionResultType]::ParameterName, 'Write TLS session keys for a sniffer [default file: $SSLKEYLOGFILE]')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User name (fills the question; with --login logs in)')
            [CompletionResult]::new('--login', '--login', [CompletionResultType]::ParameterName, 'Log in at once, with the strongest mechanism or the one named')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Password or token: first line that the command prints')
            [CompletionResult]::new('--password-fd', '--password-fd', [CompletionResultType]::ParameterName, 'Password or token: first line from this file descriptor')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours [default: auto]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Append the conversation to a file: JSON lines when it ends in .jsonl, else marked text')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name that ehlo says where it says EHLO itself [default: the host name, else an address literal]')
            [CompletionResult]::new('--save', '--save', [CompletionResultType]::ParameterName, 'Write the conversation as a talk when it ends')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'IPv4 only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'IPv6 only')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'TLS from the first octet')
            [CompletionResult]::new('--starttls', '--starttls', [CompletionResultType]::ParameterName, 'STARTTLS at once, or fail')
            [CompletionResult]::new('--no-tls', '--no-tls', [CompletionResultType]::ParameterName, 'No TLS, whatever scheme or port say')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Go on without trust (the verdict is still shown)')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the password, even when it could be found elsewhere')
            [CompletionResult]::new('--allow-cleartext-auth', '--allow-cleartext-auth', [CompletionResultType]::ParameterName, 'In batch: let credentials travel in the clear to a host that is not loopback')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'One dim line after each reply that says what it means')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show secrets on the screen (never in files)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'One JSON object a line instead of marked text')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Only what the server says')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Only what the server says')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: times of all replies, TLS details (twice: engine state)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: times of all replies, TLS details (twice: engine state)')
            [CompletionResult]::new('--no-history', '--no-history', [CompletionResultType]::ParameterName, 'Keep nothing of this console in the history')
            [CompletionResult]::new('--allow-commands', '--allow-commands', [CompletionResultType]::ParameterName, 'Let a batch start programs and write files (:|, :>, :edit, :run)')
            [CompletionResult]::new('--fail-fast', '--fail-fast', [CompletionResultType]::ParameterName, 'In batch: say QUIT and end at the first refusal')
            [CompletionResult]::new('--simple-ui', '--simple-ui', [CompletionResultType]::ParameterName, 'No redraw, no colour, nothing that relies on position: for screen readers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ehlo;run' {
            [CompletionResult]::new('--var', '--var', [CompletionResultType]::ParameterName, 'Give a variable a value')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Give a variable a secret value: the first line that the command prints')
            [CompletionResult]::new('--target', '--target', [CompletionResultType]::ParameterName, 'Run against this target instead of those of its protocol that the talk opens; practice: the practice server')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many talks at once')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many talks at once')
            [CompletionResult]::new('--repeat', '--repeat', [CompletionResultType]::ParameterName, 'Run each talk so often')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Report format')
            [CompletionResult]::new('--html', '--html', [CompletionResultType]::ParameterName, 'Write a self-contained HTML report')
            [CompletionResult]::new('--source', '--source', [CompletionResultType]::ParameterName, 'Local address to connect from')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Use this address for a host and port instead of asking the resolver')
            [CompletionResult]::new('--proxy-header', '--proxy-header', [CompletionResultType]::ParameterName, 'Send a PROXY header first, for servers behind HAProxy')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Time limit for each step: connecting, TLS, a reply')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file instead of the system''s')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Trust a certificate with this fingerprint or key pin only')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name sent in the handshake [default: the target]')
            [CompletionResult]::new('--expect-name', '--expect-name', [CompletionResultType]::ParameterName, 'Name that the certificate must bear [default: the target]')
            [CompletionResult]::new('--alpn', '--alpn', [CompletionResultType]::ParameterName, 'ALPN protocol id to offer [default: none]')
            [CompletionResult]::new('--tls-min', '--tls-min', [CompletionResultType]::ParameterName, 'Lowest TLS version')
            [CompletionResult]::new('--tls-max', '--tls-max', [CompletionResultType]::ParameterName, 'Highest TLS version')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate chain, PEM')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key, PEM [default: in the certificate''s file]')
            [CompletionResult]::new('--keylog', '--keylog', [CompletionResultType]::ParameterName, 'Write TLS session keys for a sniffer [default file: $SSLKEYLOGFILE]')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User name (fills the question; with --login logs in)')
            [CompletionResult]::new('--login', '--login', [CompletionResultType]::ParameterName, 'Log in at once, with the strongest mechanism or the one named')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Password or token: first line that the command prints')
            [CompletionResult]::new('--password-fd', '--password-fd', [CompletionResultType]::ParameterName, 'Password or token: first line from this file descriptor')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours [default: auto]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Append the conversation to a file: JSON lines when it ends in .jsonl, else marked text')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'Show each step and wait for Enter')
            [CompletionResult]::new('--allow-commands', '--allow-commands', [CompletionResultType]::ParameterName, 'Let talks start programs and name files outside their own folder')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'IPv4 only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'IPv6 only')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'TLS from the first octet')
            [CompletionResult]::new('--starttls', '--starttls', [CompletionResultType]::ParameterName, 'STARTTLS at once, or fail')
            [CompletionResult]::new('--no-tls', '--no-tls', [CompletionResultType]::ParameterName, 'No TLS, whatever scheme or port say')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Go on without trust (the verdict is still shown)')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the password, even when it could be found elsewhere')
            [CompletionResult]::new('--allow-cleartext-auth', '--allow-cleartext-auth', [CompletionResultType]::ParameterName, 'In batch: let credentials travel in the clear to a host that is not loopback')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'One dim line after each reply that says what it means')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show secrets on the screen (never in files)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'One JSON object a line instead of marked text')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Only what the server says')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Only what the server says')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: times of all replies, TLS details (twice: engine state)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: times of all replies, TLS details (twice: engine state)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ehlo;serve' {
            [CompletionResult]::new('--port-base', '--port-base', [CompletionResultType]::ParameterName, 'First of the ports: N+25, +465, +587, +24, +110, +995, +143, +993 [default: 2000]')
            [CompletionResult]::new('--smtp', '--smtp', [CompletionResultType]::ParameterName, 'Port for smtp (0: any free one); naming one port leaves out the others that are not named')
            [CompletionResult]::new('--smtps', '--smtps', [CompletionResultType]::ParameterName, 'Port for smtps')
            [CompletionResult]::new('--submission', '--submission', [CompletionResultType]::ParameterName, 'Port for submission')
            [CompletionResult]::new('--lmtp', '--lmtp', [CompletionResultType]::ParameterName, 'Port for lmtp')
            [CompletionResult]::new('--pop3', '--pop3', [CompletionResultType]::ParameterName, 'Port for pop3')
            [CompletionResult]::new('--pop3s', '--pop3s', [CompletionResultType]::ParameterName, 'Port for pop3s')
            [CompletionResult]::new('--imap', '--imap', [CompletionResultType]::ParameterName, 'Port for imap')
            [CompletionResult]::new('--imaps', '--imaps', [CompletionResultType]::ParameterName, 'Port for imaps')
            [CompletionResult]::new('--ready-file', '--ready-file', [CompletionResultType]::ParameterName, 'Write the addresses to this file when ready, complete or not at all')
            [CompletionResult]::new('--ca-out', '--ca-out', [CompletionResultType]::ParameterName, 'Write the CA certificate here [default: in the user''s runtime folder]')
            [CompletionResult]::new('--fault', '--fault', [CompletionResultType]::ParameterName, 'Faults to commit, a TOML table')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'Write a certificate with its key for this user, which logs in with EXTERNAL; clients are then asked for one')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Add a user (of the practice server: the password is no secret)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Drop a silent client after so long [default: the RFC''s times]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours [default: auto]')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Append the conversation to a file: JSON lines when it ends in .jsonl, else marked text')
            [CompletionResult]::new('--accept-any', '--accept-any', [CompletionResultType]::ParameterName, 'Take any login')
            [CompletionResult]::new('--anonymous', '--anonymous', [CompletionResultType]::ParameterName, 'Admit guests: ANONYMOUS is offered, and logs in as the user anonymous')
            [CompletionResult]::new('--listen-publicly', '--listen-publicly', [CompletionResultType]::ParameterName, 'Listen on all addresses, not on loopback alone')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'One dim line after each reply that says what it means')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show secrets on the screen (never in files)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'One JSON object a line instead of marked text')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Only what the server says')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Only what the server says')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: times of all replies, TLS details (twice: engine state)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: times of all replies, TLS details (twice: engine state)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ehlo;encode' {
            [CompletionResult]::new('--authzid', '--authzid', [CompletionResultType]::ParameterName, 'Identity to act as')
            [CompletionResult]::new('--challenge', '--challenge', [CompletionResultType]::ParameterName, 'The server''s challenge, as it came (else read from standard input where one is needed)')
            [CompletionResult]::new('--nonce', '--nonce', [CompletionResultType]::ParameterName, 'The client nonce, for exact repeats')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host name, where the mechanism names it')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port, where the mechanism names it')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service, where the mechanism names it')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Password or token: first line that the command prints')
            [CompletionResult]::new('--password-fd', '--password-fd', [CompletionResultType]::ParameterName, 'Password or token: first line from this file descriptor')
            [CompletionResult]::new('--url-safe', '--url-safe', [CompletionResultType]::ParameterName, 'Base64 with - and _')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'ehlo;decode' {
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show passwords and tokens')
            [CompletionResult]::new('--url-safe', '--url-safe', [CompletionResultType]::ParameterName, 'Base64 with - and _')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'ehlo;explain' {
            [CompletionResult]::new('--after', '--after', [CompletionResultType]::ParameterName, 'The verb that was answered')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'ehlo;load' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Sessions at a time')
            [CompletionResult]::new('--sessions', '--sessions', [CompletionResultType]::ParameterName, 'Sessions at a time')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Messages in all [default: 1; with --duration, as many as fit]')
            [CompletionResult]::new('--messages', '--messages', [CompletionResultType]::ParameterName, 'Messages in all [default: 1; with --duration, as many as fit]')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Octets of each body, or a range to choose from, as in 1000-20000 [default: 5120]')
            [CompletionResult]::new('--length', '--length', [CompletionResultType]::ParameterName, 'Octets of each body, or a range to choose from, as in 1000-20000 [default: 5120]')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Send this message, or in turn the .eml files of this folder')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Send this message, or in turn the .eml files of this folder')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Sender')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Sender')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Recipient')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Recipient')
            [CompletionResult]::new('--recipients-file', '--recipients-file', [CompletionResultType]::ParameterName, 'Recipients in turn, one a line, instead of --to')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Recipients of each message; a number goes in front of the address')
            [CompletionResult]::new('--recipients', '--recipients', [CompletionResultType]::ParameterName, 'Recipients of each message; a number goes in front of the address')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'Subject')
            [CompletionResult]::new('--subject', '--subject', [CompletionResultType]::ParameterName, 'Subject')
            [CompletionResult]::new('-M', '-M ', [CompletionResultType]::ParameterName, 'Name said in EHLO [default: the host name]')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name said in EHLO [default: the host name]')
            [CompletionResult]::new('--per-connection', '--per-connection', [CompletionResultType]::ParameterName, 'Keep a connection for so many messages')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'End after so long')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Messages a second, due at fixed times however slow the server is [default: as fast as it goes; 10 where the server is not on this machine]')
            [CompletionResult]::new('--ramp', '--ramp', [CompletionResultType]::ParameterName, 'Take so long to reach the rate; without a rate, to open the sessions')
            [CompletionResult]::new('-R', '-R ', [CompletionResultType]::ParameterName, 'Wait a random time up to this between the messages of a session')
            [CompletionResult]::new('--random-wait', '--random-wait', [CompletionResultType]::ParameterName, 'Wait a random time up to this between the messages of a session')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Wait this long between the messages of a session')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait this long between the messages of a session')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Where random sizes and times begin: the same seed gives the same')
            [CompletionResult]::new('--accounts', '--accounts', [CompletionResultType]::ParameterName, 'Log in with the accounts of this file in turn: name,password a line')
            [CompletionResult]::new('--max-errors', '--max-errors', [CompletionResultType]::ParameterName, 'End when there are more errors than this')
            [CompletionResult]::new('--yes-load', '--yes-load', [CompletionResultType]::ParameterName, 'The server at HOST is mine to load: needed for any host but this machine, in batch')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads [default: half the cores, all where the server is elsewhere]')
            [CompletionResult]::new('--hdr', '--hdr', [CompletionResultType]::ParameterName, 'Write the report with its histograms, for --merge and --compare')
            [CompletionResult]::new('--merge', '--merge', [CompletionResultType]::ParameterName, 'Run nothing: join the reports of several machines, written with --hdr')
            [CompletionResult]::new('--compare', '--compare', [CompletionResultType]::ParameterName, 'Show what changed since this report (of --json or --hdr)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours')
            [CompletionResult]::new('--source', '--source', [CompletionResultType]::ParameterName, 'Local address to connect from')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Use this address for a host and port instead of asking the resolver')
            [CompletionResult]::new('--proxy-header', '--proxy-header', [CompletionResultType]::ParameterName, 'Send a PROXY header first, for servers behind HAProxy')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Time limit for each step: connecting, TLS, a reply')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file instead of the system''s')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Trust a certificate with this fingerprint or key pin only')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name sent in the handshake [default: the target]')
            [CompletionResult]::new('--expect-name', '--expect-name', [CompletionResultType]::ParameterName, 'Name that the certificate must bear [default: the target]')
            [CompletionResult]::new('--alpn', '--alpn', [CompletionResultType]::ParameterName, 'ALPN protocol id to offer [default: none]')
            [CompletionResult]::new('--tls-min', '--tls-min', [CompletionResultType]::ParameterName, 'Lowest TLS version')
            [CompletionResult]::new('--tls-max', '--tls-max', [CompletionResultType]::ParameterName, 'Highest TLS version')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate chain, PEM')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key, PEM [default: in the certificate''s file]')
            [CompletionResult]::new('--keylog', '--keylog', [CompletionResultType]::ParameterName, 'Write TLS session keys for a sniffer [default file: $SSLKEYLOGFILE]')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User name (fills the question; with --login logs in)')
            [CompletionResult]::new('--login', '--login', [CompletionResultType]::ParameterName, 'Log in at once, with the strongest mechanism or the one named')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Password or token: first line that the command prints')
            [CompletionResult]::new('--password-fd', '--password-fd', [CompletionResultType]::ParameterName, 'Password or token: first line from this file descriptor')
            [CompletionResult]::new('-N', '-N ', [CompletionResultType]::ParameterName, 'Put a number that does not repeat in front of each recipient')
            [CompletionResult]::new('--numbered', '--numbered', [CompletionResultType]::ParameterName, 'Put a number that does not repeat in front of each recipient')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Keep connections: the next message goes over the same one')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Keep connections: the next message goes over the same one')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Speak LMTP')
            [CompletionResult]::new('--lmtp', '--lmtp', [CompletionResultType]::ParameterName, 'Speak LMTP')
            [CompletionResult]::new('--pipelining', '--pipelining', [CompletionResultType]::ParameterName, 'Send the envelope at once, and with the content before it where the connection is kept')
            [CompletionResult]::new('--chunking', '--chunking', [CompletionResultType]::ParameterName, 'Send content with BDAT')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'Resume TLS sessions')
            [CompletionResult]::new('--stop-on-error', '--stop-on-error', [CompletionResultType]::ParameterName, 'End at the first error')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'A line a second on how far it is, also where the output is no terminal')
            [CompletionResult]::new('--counter', '--counter', [CompletionResultType]::ParameterName, 'A line a second on how far it is, also where the output is no terminal')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The report as one line of JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Only the report')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Only the report')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'IPv4 only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'IPv6 only')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'TLS from the first octet')
            [CompletionResult]::new('--starttls', '--starttls', [CompletionResultType]::ParameterName, 'STARTTLS at once, or fail')
            [CompletionResult]::new('--no-tls', '--no-tls', [CompletionResultType]::ParameterName, 'No TLS, whatever scheme or port say')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Go on without trust (the verdict is still shown)')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the password, even when it could be found elsewhere')
            [CompletionResult]::new('--allow-cleartext-auth', '--allow-cleartext-auth', [CompletionResultType]::ParameterName, 'In batch: let credentials travel in the clear to a host that is not loopback')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ehlo;sink' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Own name in greetings')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Connections at a time; others wait to be accepted')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Connections at a time; others wait to be accepted')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Drop a silent client after so long')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Drop a silent client after so long')
            [CompletionResult]::new('-M', '-M ', [CompletionResultType]::ParameterName, 'End after so many accepted messages')
            [CompletionResult]::new('--stop-after', '--stop-after', [CompletionResultType]::ParameterName, 'End after so many accepted messages')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'End after so many connections')
            [CompletionResult]::new('--stop-after-connections', '--stop-after-connections', [CompletionResultType]::ParameterName, 'End after so many connections')
            [CompletionResult]::new('--ca-out', '--ca-out', [CompletionResultType]::ParameterName, 'Write the CA certificate here [default: in the user''s runtime folder]')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Offer AUTH and take any login')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Offer AUTH for this account (of the sink: the password is no secret)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Refuse these commands for good: verbs, "connect" or "." for the end of the message')
            [CompletionResult]::new('--reject', '--reject', [CompletionResultType]::ParameterName, 'Refuse these commands for good: verbs, "connect" or "." for the end of the message')
            [CompletionResult]::new('-B', '-B ', [CompletionResultType]::ParameterName, 'What a refusal for good says')
            [CompletionResult]::new('--reject-reply', '--reject-reply', [CompletionResultType]::ParameterName, 'What a refusal for good says')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Refuse these commands for now')
            [CompletionResult]::new('--soft-reject', '--soft-reject', [CompletionResultType]::ParameterName, 'Refuse these commands for now')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'What a refusal for now says')
            [CompletionResult]::new('--soft-reject-reply', '--soft-reject-reply', [CompletionResultType]::ParameterName, 'What a refusal for now says')
            [CompletionResult]::new('-Q', '-Q ', [CompletionResultType]::ParameterName, 'Answer these commands with 421 and disconnect')
            [CompletionResult]::new('--bye', '--bye', [CompletionResultType]::ParameterName, 'Answer these commands with 421 and disconnect')
            [CompletionResult]::new('--disconnect', '--disconnect', [CompletionResultType]::ParameterName, 'Disconnect without an answer to these commands')
            [CompletionResult]::new('-W', '-W ', [CompletionResultType]::ParameterName, 'Wait before the answer: VERB:2, VERB:50ms')
            [CompletionResult]::new('--delay', '--delay', [CompletionResultType]::ParameterName, 'Wait before the answer: VERB:2, VERB:50ms')
            [CompletionResult]::new('--hide', '--hide', [CompletionResultType]::ParameterName, 'Do not offer these extensions, such as PIPELINING,CHUNKING')
            [CompletionResult]::new('--fault', '--fault', [CompletionResultType]::ParameterName, 'More faults, a TOML table')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Keep each message as a file in this folder, with its envelope')
            [CompletionResult]::new('--dump-dir', '--dump-dir', [CompletionResultType]::ParameterName, 'Keep each message as a file in this folder, with its envelope')
            [CompletionResult]::new('--mbox', '--mbox', [CompletionResultType]::ParameterName, 'Append messages to this mbox file')
            [CompletionResult]::new('--maildir', '--maildir', [CompletionResultType]::ParameterName, 'Deliver messages to this Maildir')
            [CompletionResult]::new('--ready-file', '--ready-file', [CompletionResultType]::ParameterName, 'Write the addresses to this file when ready, complete or not at all')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Speak LMTP: a reply for each recipient')
            [CompletionResult]::new('--lmtp', '--lmtp', [CompletionResultType]::ParameterName, 'Speak LMTP: a reply for each recipient')
            [CompletionResult]::new('--listen-publicly', '--listen-publicly', [CompletionResultType]::ParameterName, 'Listen on addresses that are not loopback, too')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'TLS from the first octet')
            [CompletionResult]::new('--starttls', '--starttls', [CompletionResultType]::ParameterName, 'Offer STARTTLS')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'One JSON object a line: ready, then the report')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Neither live counter nor addresses: the report alone')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Neither live counter nor addresses: the report alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ehlo;show' {
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'As what')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ehlo;talk' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Parse only')
            [CompletionResult]::new('fmt', 'fmt', [CompletionResultType]::ParameterValue, 'Format in place (- from standard input to standard output)')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Make a talk of an RFC transcript or a swaks transcript')
            break
        }
        'ehlo;talk;check' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'ehlo;talk;fmt' {
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Only tell which files would change')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'ehlo;talk;import' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'ehlo;config' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'As if this were given: colours')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'As if this were given: explanations')
            [CompletionResult]::new('--no-history', '--no-history', [CompletionResultType]::ParameterName, 'As if this were given: no history')
            [CompletionResult]::new('--simple-ui', '--simple-ui', [CompletionResultType]::ParameterName, 'As if this were given: the simple console')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'As if this were given: all times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'As if this were given: all times')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ehlo;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'ehlo;man' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
