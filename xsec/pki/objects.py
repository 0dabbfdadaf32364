"""Names of object identifiers as OpenSSL 3.0 prints them, for those that certificates carry.

One that is missing here is printed as numbers, which no pattern over a name can mistake for another.
"""

from __future__ import annotations

# OID|short name|long name; one name where both are the same
_TABLE = """
0.9.2342.19200300.100.1.1|UID|userId
0.9.2342.19200300.100.1.2|textEncodedORAddress
0.9.2342.19200300.100.1.3|mail|rfc822Mailbox
0.9.2342.19200300.100.1.6|roomNumber
0.9.2342.19200300.100.1.25|DC|domainComponent
0.9.2342.19200300.100.1.37|associatedDomain
0.9.2342.19200300.100.1.44|uid|uniqueIdentifier
0.9.2342.19200300.100.1.48|buildingName
1.2.840.10040.4.1|DSA|dsaEncryption
1.2.840.10040.4.3|DSA-SHA1|dsaWithSHA1
1.2.840.10045.2.1|id-ecPublicKey
1.2.840.10045.3.1.7|prime256v1
1.2.840.10045.4.1|ecdsa-with-SHA1
1.2.840.10045.4.2|ecdsa-with-Recommended
1.2.840.10045.4.3|ecdsa-with-Specified
1.2.840.10045.4.3.1|ecdsa-with-SHA224
1.2.840.10045.4.3.2|ecdsa-with-SHA256
1.2.840.10045.4.3.3|ecdsa-with-SHA384
1.2.840.10045.4.3.4|ecdsa-with-SHA512
1.2.840.113549.1.1.1|rsaEncryption
1.2.840.113549.1.1.2|RSA-MD2|md2WithRSAEncryption
1.2.840.113549.1.1.3|RSA-MD4|md4WithRSAEncryption
1.2.840.113549.1.1.4|RSA-MD5|md5WithRSAEncryption
1.2.840.113549.1.1.5|RSA-SHA1|sha1WithRSAEncryption
1.2.840.113549.1.1.6|rsaOAEPEncryptionSET
1.2.840.113549.1.1.7|RSAES-OAEP|rsaesOaep
1.2.840.113549.1.1.8|MGF1|mgf1
1.2.840.113549.1.1.9|PSPECIFIED|pSpecified
1.2.840.113549.1.1.10|RSASSA-PSS|rsassaPss
1.2.840.113549.1.1.11|RSA-SHA256|sha256WithRSAEncryption
1.2.840.113549.1.1.12|RSA-SHA384|sha384WithRSAEncryption
1.2.840.113549.1.1.13|RSA-SHA512|sha512WithRSAEncryption
1.2.840.113549.1.1.14|RSA-SHA224|sha224WithRSAEncryption
1.2.840.113549.1.1.15|RSA-SHA512/224|sha512-224WithRSAEncryption
1.2.840.113549.1.1.16|RSA-SHA512/256|sha512-256WithRSAEncryption
1.2.840.113549.1.9.1|emailAddress
1.2.840.113549.1.9.2|unstructuredName
1.2.840.113549.1.9.3|contentType
1.2.840.113549.1.9.4|messageDigest
1.2.840.113549.1.9.5|signingTime
1.2.840.113549.1.9.6|countersignature
1.2.840.113549.1.9.7|challengePassword
1.2.840.113549.1.9.8|unstructuredAddress
1.2.840.113549.1.9.9|extendedCertificateAttributes
1.2.840.113549.1.9.20|friendlyName
1.3.6.1.4.1.311.2.1.14|msExtReq|Microsoft Extension Request
1.3.6.1.4.1.311.2.1.21|msCodeInd|Microsoft Individual Code Signing
1.3.6.1.4.1.311.2.1.22|msCodeCom|Microsoft Commercial Code Signing
1.3.6.1.4.1.311.10.3.1|msCTLSign|Microsoft Trust List Signing
1.3.6.1.4.1.311.10.3.3|msSGC|Microsoft Server Gated Crypto
1.3.6.1.4.1.311.10.3.4|msEFS|Microsoft Encrypted File System
1.3.6.1.4.1.311.17.1|CSPName|Microsoft CSP Name
1.3.6.1.4.1.311.17.2|LocalKeySet|Microsoft Local Key set
1.3.6.1.4.1.311.20.2.2|msSmartcardLogin|Microsoft Smartcard Login
1.3.6.1.4.1.311.20.2.3|msUPN|Microsoft User Principal Name
1.3.6.1.4.1.311.60.2.1.1|jurisdictionL|jurisdictionLocalityName
1.3.6.1.4.1.311.60.2.1.2|jurisdictionST|jurisdictionStateOrProvinceName
1.3.6.1.4.1.311.60.2.1.3|jurisdictionC|jurisdictionCountryName
1.3.6.1.4.1.11129.2.4.2|ct_precert_scts|CT Precertificate SCTs
1.3.6.1.4.1.11129.2.4.3|ct_precert_poison|CT Precertificate Poison
1.3.6.1.4.1.11129.2.4.4|ct_precert_signer|CT Precertificate Signer
1.3.6.1.4.1.11129.2.4.5|ct_cert_scts|CT Certificate SCTs
1.3.6.1.5.2.3.4|pkInitClientAuth|PKINIT Client Auth
1.3.6.1.5.2.3.5|pkInitKDC|Signing KDC Response
1.3.6.1.5.5.7.1.1|authorityInfoAccess|Authority Information Access
1.3.6.1.5.5.7.1.2|biometricInfo|Biometric Info
1.3.6.1.5.5.7.1.3|qcStatements
1.3.6.1.5.5.7.1.4|ac-auditEntity
1.3.6.1.5.5.7.1.5|ac-targeting
1.3.6.1.5.5.7.1.6|aaControls
1.3.6.1.5.5.7.1.7|sbgp-ipAddrBlock
1.3.6.1.5.5.7.1.8|sbgp-autonomousSysNum
1.3.6.1.5.5.7.1.9|sbgp-routerIdentifier
1.3.6.1.5.5.7.1.10|ac-proxying
1.3.6.1.5.5.7.1.11|subjectInfoAccess|Subject Information Access
1.3.6.1.5.5.7.1.14|proxyCertInfo|Proxy Certificate Information
1.3.6.1.5.5.7.1.24|tlsfeature|TLS Feature
1.3.6.1.5.5.7.1.28|sbgp-ipAddrBlockv2
1.3.6.1.5.5.7.1.29|sbgp-autonomousSysNumv2
1.3.6.1.5.5.7.2.1|id-qt-cps|Policy Qualifier CPS
1.3.6.1.5.5.7.2.2|id-qt-unotice|Policy Qualifier User Notice
1.3.6.1.5.5.7.2.3|textNotice
1.3.6.1.5.5.7.3.1|serverAuth|TLS Web Server Authentication
1.3.6.1.5.5.7.3.2|clientAuth|TLS Web Client Authentication
1.3.6.1.5.5.7.3.3|codeSigning|Code Signing
1.3.6.1.5.5.7.3.4|emailProtection|E-mail Protection
1.3.6.1.5.5.7.3.5|ipsecEndSystem|IPSec End System
1.3.6.1.5.5.7.3.6|ipsecTunnel|IPSec Tunnel
1.3.6.1.5.5.7.3.7|ipsecUser|IPSec User
1.3.6.1.5.5.7.3.8|timeStamping|Time Stamping
1.3.6.1.5.5.7.3.9|OCSPSigning|OCSP Signing
1.3.6.1.5.5.7.3.10|DVCS|dvcs
1.3.6.1.5.5.7.3.17|ipsecIKE|ipsec Internet Key Exchange
1.3.6.1.5.5.7.3.18|capwapAC|Ctrl/provision WAP Access
1.3.6.1.5.5.7.3.19|capwapWTP|Ctrl/Provision WAP Termination
1.3.6.1.5.5.7.3.21|secureShellClient|SSH Client
1.3.6.1.5.5.7.3.22|secureShellServer|SSH Server
1.3.6.1.5.5.7.3.23|sendRouter|Send Router
1.3.6.1.5.5.7.3.24|sendProxiedRouter|Send Proxied Router
1.3.6.1.5.5.7.3.25|sendOwner|Send Owner
1.3.6.1.5.5.7.3.26|sendProxiedOwner|Send Proxied Owner
1.3.6.1.5.5.7.3.27|cmcCA|CMC Certificate Authority
1.3.6.1.5.5.7.3.28|cmcRA|CMC Registration Authority
1.3.6.1.5.5.7.3.29|cmcArchive|CMC Archive Server
1.3.6.1.5.5.7.3.30|id-kp-bgpsec-router|BGPsec Router
1.3.6.1.5.5.7.3.31|id-kp-BrandIndicatorforMessageIdentification|Brand Indicator for Message Identification
1.3.6.1.5.5.7.3.32|cmKGA|Certificate Management Key Generation Authority
1.3.6.1.5.5.7.8.1|id-on-personalData
1.3.6.1.5.5.7.8.3|id-on-permanentIdentifier|Permanent Identifier
1.3.6.1.5.5.7.8.5|id-on-xmppAddr|XmppAddr
1.3.6.1.5.5.7.8.7|id-on-dnsSRV|SRVName
1.3.6.1.5.5.7.8.8|id-on-NAIRealm|NAIRealm
1.3.6.1.5.5.7.8.9|id-on-SmtpUTF8Mailbox|Smtp UTF8 Mailbox
1.3.6.1.5.5.7.48.1|OCSP
1.3.6.1.5.5.7.48.1.5|noCheck|OCSP No Check
1.3.6.1.5.5.7.48.2|caIssuers|CA Issuers
1.3.6.1.5.5.7.48.3|ad_timestamping|AD Time Stamping
1.3.6.1.5.5.7.48.4|AD_DVCS|ad dvcs
1.3.6.1.5.5.7.48.5|caRepository|CA Repository
1.3.6.1.5.5.7.48.10|rpkiManifest|RPKI Manifest
1.3.6.1.5.5.7.48.11|signedObject|Signed Object
1.3.6.1.5.5.7.48.13|rpkiNotify|RPKI Notify
1.3.14.3.2.26|SHA1|sha1
1.3.36.3.3.2.8.1.1.7|brainpoolP256r1
1.3.36.3.3.2.8.1.1.11|brainpoolP384r1
1.3.36.3.3.2.8.1.1.13|brainpoolP512r1
1.3.101.110|X25519
1.3.101.111|X448
1.3.101.112|ED25519
1.3.101.113|ED448
1.3.132.0.10|secp256k1
1.3.132.0.34|secp384r1
1.3.132.0.35|secp521r1
2.5.4.3|CN|commonName
2.5.4.4|SN|surname
2.5.4.5|serialNumber
2.5.4.6|C|countryName
2.5.4.7|L|localityName
2.5.4.8|ST|stateOrProvinceName
2.5.4.9|street|streetAddress
2.5.4.10|O|organizationName
2.5.4.11|OU|organizationalUnitName
2.5.4.12|title
2.5.4.13|description
2.5.4.14|searchGuide
2.5.4.15|businessCategory
2.5.4.16|postalAddress
2.5.4.17|postalCode
2.5.4.18|postOfficeBox
2.5.4.19|physicalDeliveryOfficeName
2.5.4.20|telephoneNumber
2.5.4.21|telexNumber
2.5.4.22|teletexTerminalIdentifier
2.5.4.23|facsimileTelephoneNumber
2.5.4.24|x121Address
2.5.4.25|internationaliSDNNumber
2.5.4.26|registeredAddress
2.5.4.27|destinationIndicator
2.5.4.28|preferredDeliveryMethod
2.5.4.29|presentationAddress
2.5.4.30|supportedApplicationContext
2.5.4.31|member
2.5.4.32|owner
2.5.4.33|roleOccupant
2.5.4.34|seeAlso
2.5.4.35|userPassword
2.5.4.36|userCertificate
2.5.4.37|cACertificate
2.5.4.38|authorityRevocationList
2.5.4.39|certificateRevocationList
2.5.4.40|crossCertificatePair
2.5.4.41|name
2.5.4.42|GN|givenName
2.5.4.43|initials
2.5.4.44|generationQualifier
2.5.4.45|x500UniqueIdentifier
2.5.4.46|dnQualifier
2.5.4.47|enhancedSearchGuide
2.5.4.48|protocolInformation
2.5.4.49|distinguishedName
2.5.4.50|uniqueMember
2.5.4.51|houseIdentifier
2.5.4.52|supportedAlgorithms
2.5.4.53|deltaRevocationList
2.5.4.54|dmdName
2.5.4.65|pseudonym
2.5.4.72|role
2.5.4.97|organizationIdentifier
2.5.4.98|c3|countryCode3c
2.5.4.99|n3|countryCode3n
2.5.4.100|dnsName
2.5.29.9|subjectDirectoryAttributes|X509v3 Subject Directory Attributes
2.5.29.14|subjectKeyIdentifier|X509v3 Subject Key Identifier
2.5.29.15|keyUsage|X509v3 Key Usage
2.5.29.16|privateKeyUsagePeriod|X509v3 Private Key Usage Period
2.5.29.17|subjectAltName|X509v3 Subject Alternative Name
2.5.29.18|issuerAltName|X509v3 Issuer Alternative Name
2.5.29.19|basicConstraints|X509v3 Basic Constraints
2.5.29.20|crlNumber|X509v3 CRL Number
2.5.29.21|CRLReason|X509v3 CRL Reason Code
2.5.29.23|holdInstructionCode|Hold Instruction Code
2.5.29.24|invalidityDate|Invalidity Date
2.5.29.27|deltaCRL|X509v3 Delta CRL Indicator
2.5.29.28|issuingDistributionPoint|X509v3 Issuing Distribution Point
2.5.29.29|certificateIssuer|X509v3 Certificate Issuer
2.5.29.30|nameConstraints|X509v3 Name Constraints
2.5.29.31|crlDistributionPoints|X509v3 CRL Distribution Points
2.5.29.32|certificatePolicies|X509v3 Certificate Policies
2.5.29.32.0|anyPolicy|X509v3 Any Policy
2.5.29.33|policyMappings|X509v3 Policy Mappings
2.5.29.35|authorityKeyIdentifier|X509v3 Authority Key Identifier
2.5.29.36|policyConstraints|X509v3 Policy Constraints
2.5.29.37|extendedKeyUsage|X509v3 Extended Key Usage
2.5.29.37.0|anyExtendedKeyUsage|Any Extended Key Usage
2.5.29.46|freshestCRL|X509v3 Freshest CRL
2.5.29.54|inhibitAnyPolicy|X509v3 Inhibit Any Policy
2.5.29.55|targetInformation|X509v3 AC Targeting
2.5.29.56|noRevAvail|X509v3 No Revocation Available
2.16.840.1.101.3.4.2.1|SHA256|sha256
2.16.840.1.101.3.4.2.2|SHA384|sha384
2.16.840.1.101.3.4.2.3|SHA512|sha512
2.16.840.1.101.3.4.2.4|SHA224|sha224
2.16.840.1.101.3.4.2.5|SHA512-224|sha512-224
2.16.840.1.101.3.4.2.6|SHA512-256|sha512-256
2.16.840.1.101.3.4.2.7|SHA3-224|sha3-224
2.16.840.1.101.3.4.2.8|SHA3-256|sha3-256
2.16.840.1.101.3.4.2.9|SHA3-384|sha3-384
2.16.840.1.101.3.4.2.10|SHA3-512|sha3-512
2.16.840.1.101.3.4.2.11|SHAKE128|shake128
2.16.840.1.101.3.4.2.12|SHAKE256|shake256
2.16.840.1.101.3.4.2.13|id-hmacWithSHA3-224|hmac-sha3-224
2.16.840.1.101.3.4.2.14|id-hmacWithSHA3-256|hmac-sha3-256
2.16.840.1.101.3.4.2.15|id-hmacWithSHA3-384|hmac-sha3-384
2.16.840.1.101.3.4.2.16|id-hmacWithSHA3-512|hmac-sha3-512
2.16.840.1.101.3.4.2.19|KMAC128|kmac128
2.16.840.1.101.3.4.2.20|KMAC256|kmac256
2.16.840.1.101.3.4.3.1|dsa_with_SHA224
2.16.840.1.101.3.4.3.2|dsa_with_SHA256
2.16.840.1.101.3.4.3.3|id-dsa-with-sha384|dsa_with_SHA384
2.16.840.1.101.3.4.3.4|id-dsa-with-sha512|dsa_with_SHA512
2.16.840.1.101.3.4.3.5|id-dsa-with-sha3-224|dsa_with_SHA3-224
2.16.840.1.101.3.4.3.6|id-dsa-with-sha3-256|dsa_with_SHA3-256
2.16.840.1.101.3.4.3.7|id-dsa-with-sha3-384|dsa_with_SHA3-384
2.16.840.1.101.3.4.3.8|id-dsa-with-sha3-512|dsa_with_SHA3-512
2.16.840.1.101.3.4.3.9|id-ecdsa-with-sha3-224|ecdsa_with_SHA3-224
2.16.840.1.101.3.4.3.10|id-ecdsa-with-sha3-256|ecdsa_with_SHA3-256
2.16.840.1.101.3.4.3.11|id-ecdsa-with-sha3-384|ecdsa_with_SHA3-384
2.16.840.1.101.3.4.3.12|id-ecdsa-with-sha3-512|ecdsa_with_SHA3-512
2.16.840.1.101.3.4.3.13|id-rsassa-pkcs1-v1_5-with-sha3-224|RSA-SHA3-224
2.16.840.1.101.3.4.3.14|id-rsassa-pkcs1-v1_5-with-sha3-256|RSA-SHA3-256
2.16.840.1.101.3.4.3.15|id-rsassa-pkcs1-v1_5-with-sha3-384|RSA-SHA3-384
2.16.840.1.101.3.4.3.16|id-rsassa-pkcs1-v1_5-with-sha3-512|RSA-SHA3-512
2.16.840.1.113730.1.1|nsCertType|Netscape Cert Type
2.16.840.1.113730.1.2|nsBaseUrl|Netscape Base Url
2.16.840.1.113730.1.3|nsRevocationUrl|Netscape Revocation Url
2.16.840.1.113730.1.4|nsCaRevocationUrl|Netscape CA Revocation Url
2.16.840.1.113730.1.7|nsRenewalUrl|Netscape Renewal Url
2.16.840.1.113730.1.8|nsCaPolicyUrl|Netscape CA Policy Url
2.16.840.1.113730.1.12|nsSslServerName|Netscape SSL Server Name
2.16.840.1.113730.1.13|nsComment|Netscape Comment
2.16.840.1.113730.4.1|nsSGC|Netscape Server Gated Crypto
"""

_NAMES: dict[str, tuple[str, str]] = {}
for _row in _TABLE.split("\n")[1:-1]:
    _oid, *_names = _row.split("|")
    _NAMES[_oid] = (_names[0], _names[-1])


def short(oid: str) -> str:
    """The name that stands before `=` in a distinguished name; the numbers for an unknown one."""
    return _NAMES.get(oid, (oid, oid))[0]


def long(oid: str) -> str:
    """The name in words; the numbers for an unknown one."""
    return _NAMES.get(oid, (oid, oid))[1]


def known(oid: str) -> bool:
    """Whether OpenSSL has a name for it."""
    return oid in _NAMES


def dotted(content: bytes) -> str:
    """The numbers of an OBJECT IDENTIFIER's content octets (X.690, 8.19); `ValueError` when malformed."""
    numbers: list[int] = []
    value, fresh = 0, True
    for octet in content:
        if fresh and octet == 0x80:
            raise ValueError("a number of the object identifier has a leading zero")
        value = value << 7 | octet & 0x7F
        fresh = not octet & 0x80
        if fresh:
            numbers.append(value)
            value = 0
    if not numbers or not fresh:
        raise ValueError("the object identifier is cut off")
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def attributes() -> frozenset[str]:
    """The names that can stand before `=` in a distinguished name, in lower case."""
    arcs = ("2.5.4.", "0.9.2342.", "1.2.840.113549.1.9.1", "1.3.6.1.4.1.311.60.2.1.")
    return frozenset(names[0].casefold() for oid, names in _NAMES.items() if oid.startswith(arcs))
