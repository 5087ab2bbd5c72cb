// The package's client, as a reference: node client.cjs SERVER NAME PORT. Prints its public address.
import localtunnel from 'localtunnel';

const [host, subdomain, port] = process.argv.slice(2);
localtunnel({ host, subdomain, port: Number(port) }).then((tunnel) => {
    tunnel.on("error", (error) => console.error(String(error)));
    console.log(tunnel.url);
});
