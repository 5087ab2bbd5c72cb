; What Resend's return path and its SPF record lead to.
$ORIGIN amazonses.com.
$TTL 300
@ SOA ns1.lab.test. hostmaster.lab.test. 2026113001 7200 3600 1209600 300
@ NS ns1.lab.test.
@ NS ns2.lab.test.
@ TXT "v=spf1 ip4:199.255.192.0/22 ip4:199.127.232.0/22 -all"
feedback-smtp.us-east-1 A 192.0.2.51
feedback-smtp.eu-west-1 A 192.0.2.52
feedback-smtp.us-west-2 A 192.0.2.53
