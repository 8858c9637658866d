import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface CertificateArgs {
  domainName: string;
  alternativeNames: string[];
  hostedZoneId: pulumi.Input<string>;
  /** Region of the certificate: CloudFront takes those of us-east-1 only. */
  region: string;
}

/** A certificate proven by records in the zone; `arn` is usable only after that. */
export class Certificate extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: CertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gateway:infra:Certificate", name, {}, opts);
    const { region } = args;
    const certificate = new aws.acm.Certificate(
      name,
      {
        region,
        domainName: args.domainName,
        subjectAlternativeNames: args.alternativeNames,
        validationMethod: "DNS",
      },
      { parent: this },
    );
    const records = [args.domainName, ...args.alternativeNames].map((domain, index) => {
      const option = certificate.domainValidationOptions.apply((all) => {
        const found = all.find((one) => one.domainName === domain);
        if (!found) throw new Error(`ACM names no record that proves ${domain}.`);
        return found;
      });
      return new aws.route53.Record(
        `${name}-${index}`,
        {
          zoneId: args.hostedZoneId,
          name: option.resourceRecordName,
          type: option.resourceRecordType,
          records: [option.resourceRecordValue],
          ttl: 300,
          // The same name's certificate in another region or stack is proven by the same record.
          allowOverwrite: true,
        },
        { parent: this },
      );
    });
    const validation = new aws.acm.CertificateValidation(
      name,
      {
        region,
        certificateArn: certificate.arn,
        validationRecordFqdns: records.map((record) => record.fqdn),
      },
      { parent: this },
    );
    this.arn = validation.certificateArn;
    this.registerOutputs({ arn: this.arn });
  }
}
