// An OpenID provider: node provider.mjs MODULES PORT ISSUER
// MODULES is the folder that holds oidc-provider; another server in front of it ends TLS.
import { pathToFileURL } from 'node:url';

const [modules, port, issuer] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`));
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'laboratory',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1/callback'],
      application_type: 'native',
    },
  ],
  features: { deviceFlow: { enabled: true } },
});
// Its endpoints have the name that the server in front passes on.
provider.proxy = true;
provider.listen(Number(port), '127.0.0.1', () => console.log(`listening on ${port}`));
