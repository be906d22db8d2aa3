
use builtin;
use str;

set edit:completion:arg-completer[ehlo] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'ehlo'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'ehlo'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand connect 'Open a console on a server, or a batch conversation when stdin is no terminal'
            cand run 'Run recorded conversations with expectations'
            cand serve 'The practice server by itself, for other clients and for tests'
            cand encode 'AUTH credentials, line by line, without a server'
            cand decode 'What a base64 blob or a pasted AUTH exchange holds'
            cand explain 'A verb, reply code, enhanced code, capability or pasted reply, offline'
            cand load 'Load generator (smtp-source''s job)'
            cand sink 'Accepts and discards mail (smtp-sink''s job)'
            cand show 'A recorded log, as people, talks or a browser read it'
            cand talk 'Look after talk files'
            cand config 'What configuration is in force, and from where'
            cand completions 'Shell completions, as in completions/'
            cand man 'The manual page'
        }
        &'ehlo;connect'= {
            cand --source 'Local address to connect from'
            cand --resolve 'Use this address for a host and port instead of asking the resolver'
            cand --proxy-header 'Send a PROXY header first, for servers behind HAProxy'
            cand --timeout 'Time limit for each step: connecting, TLS, a reply'
            cand --ca-file 'Trust the certificates in this PEM file instead of the system''s'
            cand --pin 'Trust a certificate with this fingerprint or key pin only'
            cand --sni 'Name sent in the handshake [default: the target]'
            cand --expect-name 'Name that the certificate must bear [default: the target]'
            cand --alpn 'ALPN protocol id to offer [default: none]'
            cand --tls-min 'Lowest TLS version'
            cand --tls-max 'Highest TLS version'
            cand --cert 'Client certificate chain, PEM'
            cand --key 'Client key, PEM'
            cand --keylog 'Write TLS session keys for a sniffer [default file: $SSLKEYLOGFILE]'
            cand --user 'User name (fills the question; with --login logs in)'
            cand --login 'Log in at once, with the strongest mechanism or the one named'
            cand --password-command 'Password or token: first line that the command prints'
            cand --password-fd 'Password or token: first line from this file descriptor'
            cand --color 'Colours'
            cand --log 'Append the conversation to a file: JSON lines when it ends in .jsonl, else marked text'
            cand --name 'Name that ehlo says where it says EHLO itself [default: the host name, else an address literal]'
            cand --save 'Write the conversation as a talk when it ends'
            cand -4 'IPv4 only'
            cand -6 'IPv6 only'
            cand --tls 'TLS from the first octet'
            cand --starttls 'STARTTLS at once, or fail'
            cand --no-tls 'No TLS, whatever scheme or port say'
            cand --insecure 'Go on without trust (the verdict is still shown)'
            cand --ask-password 'Ask for the password, even when it could be found elsewhere'
            cand --allow-cleartext-auth 'In batch: let credentials travel in the clear to a host that is not loopback'
            cand --explain 'One dim line after each reply that says what it means'
            cand --show-secrets 'Show secrets on the screen (never in files)'
            cand --json 'One JSON object a line instead of marked text'
            cand -q 'Only what the server says'
            cand --quiet 'Only what the server says'
            cand -v 'More: times of all replies, TLS details (twice: engine state)'
            cand --verbose 'More: times of all replies, TLS details (twice: engine state)'
            cand --no-history 'Keep nothing of this console in the history'
            cand --allow-commands 'Let a batch start programs and write files (:|, :>, :edit, :run)'
            cand --fail-fast 'In batch: say QUIT and end at the first refusal'
            cand --simple-ui 'No redraw, no colour, nothing that relies on position: for screen readers'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ehlo;run'= {
            cand --var 'Give a variable a value'
            cand --secret 'Give a variable a secret value: the first line that the command prints'
            cand --target 'Run against this target instead of those of its protocol that the talk opens; practice: the practice server'
            cand -j 'How many talks at once'
            cand --jobs 'How many talks at once'
            cand --repeat 'Run each talk so often'
            cand --format 'Report format'
            cand --html 'Write a self-contained HTML report'
            cand --source 'Local address to connect from'
            cand --resolve 'Use this address for a host and port instead of asking the resolver'
            cand --proxy-header 'Send a PROXY header first, for servers behind HAProxy'
            cand --timeout 'Time limit for each step: connecting, TLS, a reply'
            cand --ca-file 'Trust the certificates in this PEM file instead of the system''s'
            cand --pin 'Trust a certificate with this fingerprint or key pin only'
            cand --sni 'Name sent in the handshake [default: the target]'
            cand --expect-name 'Name that the certificate must bear [default: the target]'
            cand --alpn 'ALPN protocol id to offer [default: none]'
            cand --tls-min 'Lowest TLS version'
            cand --tls-max 'Highest TLS version'
            cand --cert 'Client certificate chain, PEM'
            cand --key 'Client key, PEM'
            cand --keylog 'Write TLS session keys for a sniffer [default file: $SSLKEYLOGFILE]'
            cand --user 'User name (fills the question; with --login logs in)'
            cand --login 'Log in at once, with the strongest mechanism or the one named'
            cand --password-command 'Password or token: first line that the command prints'
            cand --password-fd 'Password or token: first line from this file descriptor'
            cand --color 'Colours'
            cand --log 'Append the conversation to a file: JSON lines when it ends in .jsonl, else marked text'
            cand --step 'Show each step and wait for Enter'
            cand --allow-commands 'Let talks start programs and name files outside their own folder'
            cand -4 'IPv4 only'
            cand -6 'IPv6 only'
            cand --tls 'TLS from the first octet'
            cand --starttls 'STARTTLS at once, or fail'
            cand --no-tls 'No TLS, whatever scheme or port say'
            cand --insecure 'Go on without trust (the verdict is still shown)'
            cand --ask-password 'Ask for the password, even when it could be found elsewhere'
            cand --allow-cleartext-auth 'In batch: let credentials travel in the clear to a host that is not loopback'
            cand --explain 'One dim line after each reply that says what it means'
            cand --show-secrets 'Show secrets on the screen (never in files)'
            cand --json 'One JSON object a line instead of marked text'
            cand -q 'Only what the server says'
            cand --quiet 'Only what the server says'
            cand -v 'More: times of all replies, TLS details (twice: engine state)'
            cand --verbose 'More: times of all replies, TLS details (twice: engine state)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ehlo;serve'= {
            cand --port-base 'First of the ports: N+25, +465, +587, +24, +110, +995, +143, +993 [default: 2000]'
            cand --smtp 'Port for smtp (0: any free one); naming one port leaves out the others that are not named'
            cand --smtps 'Port for smtps'
            cand --submission 'Port for submission'
            cand --lmtp 'Port for lmtp'
            cand --pop3 'Port for pop3'
            cand --pop3s 'Port for pop3s'
            cand --imap 'Port for imap'
            cand --imaps 'Port for imaps'
            cand --ready-file 'Write the addresses to this file when ready, complete or not at all'
            cand --ca-out 'Write the CA certificate here [default: in the user''s runtime folder]'
            cand --fault 'Faults to commit, a TOML table'
            cand --user 'Add a user (of the practice server: the password is no secret)'
            cand --timeout 'Drop a silent client after so long [default: the RFC''s times]'
            cand --color 'Colours'
            cand --log 'Append the conversation to a file: JSON lines when it ends in .jsonl, else marked text'
            cand --accept-any 'Take any login'
            cand --listen-publicly 'Listen on all addresses, not on loopback alone'
            cand --explain 'One dim line after each reply that says what it means'
            cand --show-secrets 'Show secrets on the screen (never in files)'
            cand --json 'One JSON object a line instead of marked text'
            cand -q 'Only what the server says'
            cand --quiet 'Only what the server says'
            cand -v 'More: times of all replies, TLS details (twice: engine state)'
            cand --verbose 'More: times of all replies, TLS details (twice: engine state)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ehlo;encode'= {
            cand --authzid 'Identity to act as'
            cand --challenge 'The server''s challenge, as it came (else read from standard input where one is needed)'
            cand --nonce 'The client nonce, for exact repeats'
            cand --host 'Host name, where the mechanism names it'
            cand --port 'Port, where the mechanism names it'
            cand --service 'Service, where the mechanism names it'
            cand --password-command 'Password or token: first line that the command prints'
            cand --password-fd 'Password or token: first line from this file descriptor'
            cand --url-safe 'Base64 with - and _'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'ehlo;decode'= {
            cand --show-secrets 'Show passwords and tokens'
            cand --url-safe 'Base64 with - and _'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'ehlo;explain'= {
            cand --after 'The verb that was answered'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'ehlo;load'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'ehlo;sink'= {
            cand --name 'Own name in greetings'
            cand -m 'Connections at a time; others wait to be accepted'
            cand --max-connections 'Connections at a time; others wait to be accepted'
            cand -t 'Drop a silent client after so long'
            cand --timeout 'Drop a silent client after so long'
            cand -M 'End after so many accepted messages'
            cand --stop-after 'End after so many accepted messages'
            cand -n 'End after so many connections'
            cand --stop-after-connections 'End after so many connections'
            cand --ca-out 'Write the CA certificate here [default: in the user''s runtime folder]'
            cand --auth 'Offer AUTH and take any login'
            cand --user 'Offer AUTH for this account (of the sink: the password is no secret)'
            cand -f 'Refuse these commands for good: verbs, "connect" or "." for the end of the message'
            cand --reject 'Refuse these commands for good: verbs, "connect" or "." for the end of the message'
            cand -B 'What a refusal for good says'
            cand --reject-reply 'What a refusal for good says'
            cand -r 'Refuse these commands for now'
            cand --soft-reject 'Refuse these commands for now'
            cand -b 'What a refusal for now says'
            cand --soft-reject-reply 'What a refusal for now says'
            cand -Q 'Answer these commands with 421 and disconnect'
            cand --bye 'Answer these commands with 421 and disconnect'
            cand --disconnect 'Disconnect without an answer to these commands'
            cand -W 'Wait before the answer: VERB:2, VERB:50ms'
            cand --delay 'Wait before the answer: VERB:2, VERB:50ms'
            cand --hide 'Do not offer these extensions, such as PIPELINING,CHUNKING'
            cand --fault 'More faults, a TOML table'
            cand -d 'Keep each message as a file in this folder, with its envelope'
            cand --dump-dir 'Keep each message as a file in this folder, with its envelope'
            cand --mbox 'Append messages to this mbox file'
            cand --maildir 'Deliver messages to this Maildir'
            cand --ready-file 'Write the addresses to this file when ready, complete or not at all'
            cand -L 'Speak LMTP: a reply for each recipient'
            cand --lmtp 'Speak LMTP: a reply for each recipient'
            cand --listen-publicly 'Listen on addresses that are not loopback, too'
            cand --tls 'TLS from the first octet'
            cand --starttls 'Offer STARTTLS'
            cand --json 'One JSON object a line: ready, then the report'
            cand -q 'Neither live counter nor addresses: the report alone'
            cand --quiet 'Neither live counter nor addresses: the report alone'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ehlo;show'= {
            cand --as 'As what'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ehlo;talk'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand check 'Parse only'
            cand fmt 'Format in place (- from standard input to standard output)'
            cand import 'Make a talk of an RFC transcript or a swaks transcript'
        }
        &'ehlo;talk;check'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'ehlo;talk;fmt'= {
            cand --check 'Only tell which files would change'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'ehlo;talk;import'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'ehlo;config'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'ehlo;completions'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'ehlo;man'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
    ]
    $completions[$command]
}
