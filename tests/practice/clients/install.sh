#!/bin/sh
# Installs what tests/practice/clients.rs wants, on Debian.
set -e
apt-get update
apt-get install -y --no-install-recommends \
    python3 curl swaks libnet-ssleay-perl libdigest-hmac-perl libauthen-sasl-perl msmtp fetchmail isync mutt \
    libsasl2-modules ca-certificates
